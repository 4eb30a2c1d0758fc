-- A paused connection stays paused. $1 connection, $2 token.
UPDATE connections k
   SET token_id = t.id, token_source = 'stored',
       status = CASE WHEN k.status = 'paused' THEN k.status ELSE 'active' END,
       status_reason = CASE WHEN k.status = 'paused' THEN k.status_reason END,
       error_code = NULL
  FROM tokens t
 WHERE k.id = $1::uuid AND k.deleted_at IS NULL
   AND t.id = $2::uuid AND t.workspace_id = k.workspace_id AND t.provider = k.provider
RETURNING k.id
