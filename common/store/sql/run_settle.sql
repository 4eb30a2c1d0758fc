-- A run's counts are the sums over its chunks; it ends when it is planned to its end and no chunk is open. Of runs locked
-- before, named as in run_lock.
UPDATE sync_runs r
   SET (chunks_total, chunks_done, chunks_dead, rows_inserted, rows_updated, rows_unchanged, rows_removed, calls) =
       (s.total, s.done, s.dead, s.inserted, s.updated, s.unchanged, s.removed, s.calls),
       status = s.status,
       started_at = CASE WHEN s.status = 'queued' THEN r.started_at ELSE coalesce(r.started_at, now()) END,
       finished_at = CASE WHEN s.status NOT IN ('queued', 'running') THEN coalesce(r.finished_at, now()) END,
       error_code = coalesce(s.error_code, r.error_code),
       error = CASE WHEN s.error_code IS NULL THEN r.error ELSE s.error END
  FROM (SELECT n.*, o.id,
               CASE WHEN o.status NOT IN ('queued', 'running') THEN o.status
                    WHEN o.planned <> 'all' OR n.open > 0 THEN CASE WHEN n.done + n.dead > 0 THEN 'running' ELSE o.status END
                    WHEN n.dead = 0 AND o.error_code IS NULL THEN 'succeeded'
                    WHEN n.done = 0 THEN 'failed'
                    ELSE 'partial' END AS status
          FROM sync_runs o
         CROSS JOIN LATERAL (
               SELECT count(*) AS total,
                      count(*) FILTER (WHERE c.status = 'done') AS done,
                      count(*) FILTER (WHERE c.status = 'dead') AS dead,
                      count(*) FILTER (WHERE c.status IN ('queued', 'running')) AS open,
                      coalesce(sum(c.rows_inserted), 0) AS inserted, coalesce(sum(c.rows_updated), 0) AS updated,
                      coalesce(sum(c.rows_unchanged), 0) AS unchanged, coalesce(sum(c.rows_removed), 0) AS removed,
                      coalesce(sum(c.calls), 0) AS calls,
                      (array_agg(c.error_code ORDER BY c.finished_at DESC, c.id) FILTER (WHERE c.status = 'dead'))[1] AS error_code,
                      (array_agg(c.error ORDER BY c.finished_at DESC, c.id) FILTER (WHERE c.status = 'dead'))[1] AS error
                 FROM sync_chunks c WHERE c.run_id = o.id) n
         WHERE o.id IN (SELECT unnest($2::uuid[])
                         UNION
                        SELECT id FROM sync_runs WHERE connection_id = $1::uuid AND status IN ('queued', 'running')
                         UNION
                        SELECT d.run_id FROM dead_letters($3::uuid, false, NULL) d)) s
 WHERE r.id = s.id
