-- $1 token. Never the token itself.
SELECT id, workspace_id, provider, expires_at, to_json(scopes) AS scopes,
       to_json(ad_account_ids) AS ad_account_ids, created_at, updated_at
  FROM tokens WHERE id = $1::uuid
