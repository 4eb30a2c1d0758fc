-- The oldest first. $1 workspace, $2 status or null, $3 behind this place ("connected_at id") or null, $4 how many.
SELECT k.id, k.workspace_id, k.provider, k.external_account_id, k.name, k.status, k.status_reason, k.error_code,
       k.currency, k.timezone, k.connected_at, k.token_id, k.token_source, k.last_synced_at, k.facts_through,
       k.next_sync_at, k.settings, connection_token_state(k.status, k.token_source, t.expires_at) AS token_state,
       t.expires_at AS token_expires_at,
       k.connected_at::text || ' ' || k.id
  FROM connections k
  LEFT JOIN tokens t ON t.id = k.token_id
 WHERE k.deleted_at IS NULL AND k.workspace_id = $1::uuid AND ($2::text IS NULL OR k.status = $2)
   AND ($3::text IS NULL
        OR (k.connected_at, k.id) > (substr($3, 1, length($3) - 37)::timestamptz, right($3, 36)::uuid))
 ORDER BY k.connected_at, k.id LIMIT $4::int
