-- What brought one connection back may have brought back others of its token or account. $1 connection.
UPDATE connections x SET access_check_at = NULL
  FROM connections k
 WHERE k.id = $1::uuid AND x.id <> k.id AND x.status IN ('needs_reauth', 'no_access')
   AND (x.token_id = k.token_id OR (x.provider = k.provider AND x.external_account_id = k.external_account_id))
