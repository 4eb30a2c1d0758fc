-- Somebody has set an account's limit: what refusals taught of it was of another one. $1 connection.
UPDATE provider_blocks b SET allowed = NULL, learned_at = NULL
  FROM connections k
 WHERE k.id = $1::uuid AND b.scope = k.provider || ':' || k.external_account_id
