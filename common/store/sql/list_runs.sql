-- The newest. $1 connection or null.
SELECT r.id, r.workspace_id, r.connection_id, r.kind, r.trigger, r.status, r.date_from, r.date_to, r.granularity,
       r.chunks_total, r.chunks_done, r.chunks_dead, r.rows_inserted, r.rows_updated, r.rows_unchanged,
       r.rows_removed, r.calls, r.error_code, r.error, r.created_at, r.started_at,
       r.finished_at
  FROM sync_runs r
 WHERE $1::uuid IS NULL OR r.connection_id = $1::uuid
 ORDER BY r.created_at DESC, r.id LIMIT 100
