-- How a run stands after a chunk was closed. rows and calls count the pages of open slices too. $1 run, $2 chunk.
-- Open as in plan_chunks.sql.
SELECT r.status, r.chunks_total, r.chunks_done, r.chunks_dead,
       s.rows, s.calls,
       r.status NOT IN ('queued', 'running'),
       r.status IN ('queued', 'running') AND r.planned <> 'all'
           AND NOT EXISTS (SELECT 1 FROM sync_chunks c WHERE c.run_id = r.id AND c.status NOT IN ('done', 'dead', 'cancelled')),
       k.rows_inserted, k.rows_updated, k.rows_unchanged, k.rows_removed
  FROM sync_runs r JOIN sync_chunks k ON k.id = $2::uuid
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(c.rows + coalesce(u.rows, 0)), 0) AS rows, coalesce(sum(c.calls + coalesce(u.calls, 0)), 0) AS calls
         FROM sync_chunks c LEFT JOIN chunk_cursor u ON u.chunk_id = c.id
        WHERE c.run_id = r.id) s
 WHERE r.id = $1::uuid
