-- A chunk starts where its connection's questions were little enough. A range that was cut was so with whole pages.
-- $1 chunk.
UPDATE sync_chunks c
   SET page_limit = CASE WHEN c.days_limit IS NULL THEN l.page_limit END,
       rung = CASE WHEN c.date_from = c.date_to THEN l.rung ELSE 0 END
  FROM sync_runs r
 CROSS JOIN LATERAL limits_now(r.connection_id, (SELECT CASE WHEN o.kind = 'entities' THEN 'entities' ELSE r.granularity END
                                                   FROM sync_chunks o WHERE o.id = $1::uuid)) l
 WHERE c.id = $1::uuid AND r.id = c.run_id AND c.started_at IS NULL AND NOT c.totals
