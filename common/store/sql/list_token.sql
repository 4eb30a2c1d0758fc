-- $1 token. Never the token itself.
SELECT row_to_json(t) FROM (
        SELECT id, workspace_id, provider, expires_at, scopes, ad_account_ids, created_at, updated_at
          FROM tokens WHERE id = $1::uuid) t
