-- The token before goes when nobody else uses it; a paused connection stays paused. Others whose token it was and is refused
-- get the new one too, and are asked for at once. $1 connection, $2 token.
WITH k AS (
    SELECT c.id, c.token_id AS old, t.id AS fresh
      FROM connections c JOIN tokens t ON t.workspace_id = c.workspace_id AND t.provider = c.provider
     WHERE c.id = $1::uuid AND c.deleted_at IS NULL AND t.id = $2::uuid),
sharers AS (
    UPDATE connections x SET token_id = k.fresh, access_check_at = NULL, access_checks = 0
      FROM k WHERE x.token_id = k.old AND x.id <> k.id AND x.status = 'needs_reauth'),
forgotten AS (
    DELETE FROM tokens o USING k
     WHERE o.id = k.old AND o.id <> k.fresh
       AND NOT EXISTS (SELECT 1 FROM connections x
                        WHERE x.token_id = o.id AND x.id <> k.id AND x.status <> 'needs_reauth'))
UPDATE connections c
   SET token_id = k.fresh, token_source = 'stored',
       status = CASE WHEN c.status = 'paused' THEN c.status ELSE 'active' END,
       status_reason = CASE WHEN c.status = 'paused' THEN c.status_reason END,
       error_code = NULL, access_checks = 0
  FROM k
 WHERE c.id = k.id
RETURNING c.id
