-- $1 workspace or null. Never the token itself.
SELECT id, workspace_id, provider, expires_at, to_json(scopes) AS scopes,
       to_json(ad_account_ids) AS ad_account_ids, created_at, updated_at
  FROM tokens
 WHERE $1::uuid IS NULL OR workspace_id = $1::uuid
 ORDER BY created_at, id
