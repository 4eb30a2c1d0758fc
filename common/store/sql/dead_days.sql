-- Days that are not read for the reason that their chunk was given up for: what is stored of them stays, and is older than
-- it should be. A reading that was begun after this one was wanted is new enough.
-- $1 a connection (all its chunks that this transaction closed as dead), $2 a chunk; one of them null.
WITH closed AS (
    SELECT c.* FROM sync_chunks c WHERE c.connection_id = $1::uuid AND c.status = 'dead' AND c.finished_at = now()
     UNION ALL
    SELECT c.* FROM sync_chunks c JOIN dead_letters($2::uuid, false, NULL) d ON d.id = c.id WHERE c.finished_at = now())
INSERT INTO account_days AS d (connection_id, granularity, event_date, state, cause, run_id)
SELECT c.connection_id, r.granularity, day::date, 'failing', max(c.error_code), NULL::uuid
  FROM closed c
  JOIN sync_runs r ON r.id = c.run_id
 CROSS JOIN LATERAL generate_series(c.date_from::timestamp, c.date_to::timestamp, interval '1 day') day
 WHERE c.kind = 'metrics' AND NOT c.totals
 GROUP BY c.connection_id, r.granularity, day
 ORDER BY r.granularity, day
ON CONFLICT (connection_id, granularity, event_date) DO UPDATE SET state = 'failing', cause = excluded.cause
 WHERE d.read_at IS NULL
    OR d.read_at < (SELECT max(c.created_at)
                      FROM closed c
                      JOIN sync_runs r ON r.id = c.run_id
                     WHERE c.kind = 'metrics' AND NOT c.totals
                       AND r.granularity = d.granularity AND d.event_date BETWEEN c.date_from AND c.date_to)
