-- oldest-program: 0.2.0
-- Planning tells what it has learned of an account from what it guesses.

DROP FUNCTION account_knowledge;
-- What planning needs to know of an account: rows of a day (learned: of days read lately; else a guess, as many as ads
-- that may deliver; null: unknown), and the days known of the last `days` as "day:read at,…".
CREATE FUNCTION account_knowledge(connection uuid, by text, days int)
RETURNS TABLE (rows_per_day bigint, learned boolean, known text) LANGUAGE sql STABLE AS $$
    SELECT coalesce(l.rows, g.rows), l.rows IS NOT NULL,
           (SELECT string_agg((d.event_date - date '1970-01-01') || ':'
                              || coalesce((extract(epoch FROM d.read_at) * 1000)::bigint, 0), ',' ORDER BY d.event_date)
              FROM account_days d
             WHERE d.connection_id = connection AND d.granularity = by AND d.event_date >= current_date - days)
      FROM (SELECT nullif(count(*), 0) * CASE by WHEN 'hour' THEN 24 ELSE 1 END AS rows
              FROM entities e
             WHERE e.connection_id = connection AND e.level = 'ad' AND e.vanished_at IS NULL
               AND e.status IS DISTINCT FROM 'DELETED' AND e.status IS DISTINCT FROM 'ARCHIVED') g
     CROSS JOIN (SELECT CASE WHEN count(*) > 0 THEN greatest(1, ceil(avg(d.rows)))::bigint END AS rows
                   FROM account_days d
                  WHERE d.connection_id = connection AND d.granularity = by AND d.read_at IS NOT NULL
                    AND d.event_date > current_date - 31) l
$$;

-- Days and hours of a connection are due at once.
DROP INDEX sync_runs_due;
CREATE UNIQUE INDEX sync_runs_due ON sync_runs (connection_id, trigger, due_at, granularity) WHERE due_at IS NOT NULL;
