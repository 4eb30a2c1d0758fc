-- $1 connection.
SELECT k.provider, k.timezone, k.status, k.status_reason, k.token_source
  FROM connections k
 WHERE k.id = $1::uuid AND k.deleted_at IS NULL
