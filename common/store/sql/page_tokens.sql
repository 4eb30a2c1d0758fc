-- The oldest first; never the token itself. $1 workspace, $2 behind this place ("created_at id") or null, $3 how many.
SELECT id, workspace_id, provider, expires_at, to_json(scopes) AS scopes,
       to_json(ad_account_ids) AS ad_account_ids, created_at, updated_at,
       created_at::text || ' ' || id
  FROM tokens
 WHERE workspace_id = $1::uuid
   AND ($2::text IS NULL
        OR (created_at, id) > (substr($2, 1, length($2) - 37)::timestamptz, right($2, 36)::uuid))
 ORDER BY created_at, id LIMIT $3::int
