-- progress: with the pages of open slices counted in. $1 run.
SELECT r.id, r.workspace_id, r.connection_id, r.kind, r.trigger, r.status, r.date_from, r.date_to, r.granularity,
       r.chunks_total, r.chunks_done, r.chunks_dead, r.rows_inserted, r.rows_updated, r.rows_unchanged,
       r.rows_removed, r.calls, r.error_code, r.error, r.created_at, r.started_at,
       r.finished_at,
       json_build_object('rows', p.rows, 'calls', p.calls) AS progress
  FROM sync_runs r
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(c.rows + coalesce(u.rows, 0)), 0) AS rows,
              coalesce(sum(c.calls + coalesce(u.calls, 0)), 0) AS calls
         FROM sync_chunks c LEFT JOIN chunk_cursor u ON u.chunk_id = c.id
        WHERE c.run_id = r.id) p
 WHERE r.id = $1::uuid
