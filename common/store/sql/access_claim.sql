-- The connection that is asked for next, if the time of one has come, with its token. It is put off before it is asked for, so
-- that nobody is asked more often however often a worker dies over it.
UPDATE connections k
   SET access_checks = k.access_checks + 1, access_check_at = now() + access_pause(k.access_checks + 1)
  FROM (SELECT c.id FROM connections c
         WHERE c.status IN ('needs_reauth', 'no_access', 'disabled') AND c.deleted_at IS NULL
           AND (c.access_check_at IS NULL OR c.access_check_at <= now())
           AND (c.token_source = 'env' OR (c.token_source = 'stored' AND c.token_id IS NOT NULL))
           AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.connection_id IS NULL OR h.connection_id = c.id)
         ORDER BY c.access_check_at NULLS FIRST, c.id
         LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) due
 WHERE k.id = due.id
RETURNING k.id, k.provider, k.external_account_id, k.status,
          (SELECT t.access_token_enc FROM tokens t WHERE t.id = k.token_id AND k.token_source = 'stored')
