-- $1 connection.
SELECT k.id, k.workspace_id, k.provider, k.external_account_id, k.name, k.status, k.status_reason, k.error_code,
       k.currency, k.timezone, k.connected_at, k.token_id, k.token_source, k.last_synced_at, k.facts_through,
       k.next_sync_at, k.settings, connection_token_state(k.status, k.token_source, t.expires_at) AS token_state,
       t.expires_at AS token_expires_at
  FROM connections k
  LEFT JOIN tokens t ON t.id = k.token_id
 WHERE k.deleted_at IS NULL AND k.id = $1::uuid
