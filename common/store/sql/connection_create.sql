-- An account that the workspace has already is the same row, and its token before goes when nobody else uses it; one that is
-- being deleted is not there.
-- $1 workspace, $2 provider, $3 account, $4 name, $5 currency, $6 zone, $7 token or null, $8 token source.
WITH forgotten AS (
    DELETE FROM tokens o USING connections c, tokens t
     WHERE c.workspace_id = $1::uuid AND c.provider = $2 AND c.external_account_id = $3 AND c.deleted_at IS NULL
       AND t.id = $7::uuid AND t.workspace_id = c.workspace_id AND t.provider = c.provider
       AND o.id = c.token_id AND o.id <> t.id
       AND NOT EXISTS (SELECT 1 FROM connections x WHERE x.token_id = o.id AND x.id <> c.id))
INSERT INTO connections AS k (workspace_id, provider, external_account_id, name, currency, timezone, token_id, token_source)
SELECT w.id, $2, $3, $4, $5, $6, $7::uuid, $8
  FROM workspaces w
 WHERE w.id = $1::uuid AND w.deleted_at IS NULL
   AND ($7::uuid IS NULL
        OR EXISTS (SELECT 1 FROM tokens t WHERE t.id = $7::uuid AND t.workspace_id = w.id AND t.provider = $2))
ON CONFLICT (workspace_id, provider, external_account_id) DO UPDATE
   SET name = excluded.name, currency = excluded.currency, timezone = excluded.timezone,
       token_id = coalesce(excluded.token_id, k.token_id),
       token_source = CASE WHEN coalesce(excluded.token_id, k.token_id) IS NOT NULL THEN 'stored'
                           ELSE excluded.token_source END,
       status = 'active', status_reason = NULL, error_code = NULL
 WHERE k.deleted_at IS NULL
RETURNING id
