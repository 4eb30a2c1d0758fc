-- Raises the epoch and counts the start; too many starts without a committed page make the chunk dead.
-- $1 chunk, $2 worker, $3 starts allowed, $4 whether the worker starts it once more because it heard nothing of its first start:
-- that is one start, whether it landed or not.
UPDATE sync_chunks c
   SET epoch = c.epoch + 1,
       deliveries = least(n.deliveries, $3::int),
       status = CASE WHEN n.poison THEN 'dead' ELSE 'running' END,
       worker = $2,
       started_at = coalesce(c.started_at, now()),
       finished_at = CASE WHEN n.poison THEN now() END,
       retry_at = NULL,
       calls = c.calls + n.calls_thrown_away,
       error_code = CASE WHEN n.poison THEN 'poison' ELSE c.error_code END,
       error = CASE WHEN n.poison THEN format('started %s times and never got a page done', n.deliveries - 1) ELSE c.error END
  FROM (SELECT c.id, d.deliveries, d.deliveries > $3::int AS poison,
               CASE WHEN chunk_place_serves(u) AND d.deliveries <= $3::int
                    THEN 0 ELSE coalesce(u.calls, 0) END AS calls_thrown_away
          FROM sync_chunks c
          LEFT JOIN chunk_cursor u ON u.chunk_id = c.id
         CROSS JOIN LATERAL (SELECT CASE WHEN u.epoch = c.epoch THEN 1 WHEN $4::boolean AND c.worker = $2 THEN c.deliveries
                                         ELSE c.deliveries + 1 END AS deliveries) d
         WHERE c.id = $1::uuid) n
 WHERE c.id = n.id
