-- What worked after a question was too much is where the next ones start. $1 chunk.
INSERT INTO connection_limits AS l (connection_id, what, page_limit, days_limit, rung, learned_at)
SELECT c.connection_id, CASE WHEN c.kind = 'entities' THEN 'entities' ELSE r.granularity END, c.page_limit, c.days_limit,
       c.rung, now()
  FROM sync_chunks c JOIN sync_runs r ON r.id = c.run_id
 WHERE c.id = $1::uuid AND c.shrunk AND NOT c.totals
ON CONFLICT (connection_id, what) DO UPDATE
   SET page_limit = least(l.page_limit * limits_grown(l.learned_at), excluded.page_limit),
       days_limit = least(l.days_limit * limits_grown(l.learned_at), excluded.days_limit),
       rung = greatest(CASE WHEN limits_grown(l.learned_at) = 1 THEN l.rung ELSE 0::smallint END, excluded.rung),
       learned_at = now()
