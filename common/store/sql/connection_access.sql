-- $1 connection.
SELECT k.id, k.workspace_id, k.token_id, k.provider, k.external_account_id, k.status, k.token_source, t.access_token_enc
  FROM connections k
  LEFT JOIN tokens t ON t.id = k.token_id AND k.token_source = 'stored'
 WHERE k.id = $1::uuid AND k.deleted_at IS NULL
