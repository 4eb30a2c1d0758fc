-- Runs whose state nobody was told yet, oldest first. $1 how many.
SELECT r.id, r.workspace_id, r.connection_id, r.kind, r.status, r.chunks_total, r.chunks_done, p.rows, r.calls,
       r.error_code, r.error, r.news, r.told
  FROM sync_runs r
 CROSS JOIN LATERAL (SELECT coalesce(sum(c.rows), 0)::bigint AS rows FROM sync_chunks c WHERE c.run_id = r.id) p
 WHERE r.told IS DISTINCT FROM r.news
 ORDER BY r.created_at
 LIMIT $1::int
