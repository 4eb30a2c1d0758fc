-- The newest first. $1 workspace, $2 connection or null, $3 status or null, $4 behind this place ("created_at id") or null, $5 how many.
SELECT r.id, r.workspace_id, r.connection_id, r.kind, r.trigger, r.status, r.date_from, r.date_to, r.granularity,
       r.chunks_total, r.chunks_done, r.chunks_dead, r.rows_inserted, r.rows_updated, r.rows_unchanged,
       r.rows_removed, r.calls, r.error_code, r.error, r.created_at, r.started_at,
       r.finished_at,
       r.created_at::text || ' ' || r.id
  FROM sync_runs r
 WHERE r.workspace_id = $1::uuid AND ($2::uuid IS NULL OR r.connection_id = $2::uuid) AND ($3::text IS NULL OR r.status = $3)
   AND ($4::text IS NULL
        OR (r.created_at, r.id) < (substr($4, 1, length($4) - 37)::timestamptz, right($4, 36)::uuid))
 ORDER BY r.created_at DESC, r.id DESC LIMIT $5::int
