-- $1 connection.
SELECT row_to_json(t) FROM (
        SELECT k.id, k.workspace_id, k.provider, k.external_account_id, k.name, k.status, k.status_reason, k.error_code,
               k.currency, k.timezone, k.connected_at, k.token_id, k.token_source, k.last_synced_at, k.facts_through,
               k.next_sync_at, k.settings
          FROM connections k
         WHERE k.deleted_at IS NULL AND k.id = $1::uuid) t
