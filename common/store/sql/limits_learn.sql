-- What worked after a question was too much is where the next ones start. $1 chunk.
INSERT INTO connection_limits AS l (connection_id, what, page_limit, days_limit, rung, learned_at)
SELECT c.connection_id, CASE WHEN c.kind = 'entities' THEN 'entities' ELSE r.granularity END, c.page_limit, c.days_limit,
       c.rung, now()
  FROM sync_chunks c JOIN sync_runs r ON r.id = c.run_id
 WHERE c.id = $1::uuid AND c.shrunk AND NOT c.totals
ON CONFLICT (connection_id, what) DO UPDATE
   SET (page_limit, days_limit, rung, learned_at) =
       (SELECT least(o.page_limit, excluded.page_limit), least(o.days_limit, excluded.days_limit),
               greatest(o.rung, excluded.rung), now()
          FROM limits_now(l.connection_id, l.what) o)
