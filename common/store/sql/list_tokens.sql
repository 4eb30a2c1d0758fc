-- $1 workspace or null. Never the token itself.
SELECT row_to_json(t) FROM (
        SELECT id, workspace_id, provider, expires_at, scopes, ad_account_ids, created_at, updated_at
          FROM tokens
         WHERE $1::uuid IS NULL OR workspace_id = $1::uuid
         ORDER BY created_at, id) t
