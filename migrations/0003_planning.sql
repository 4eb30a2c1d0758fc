-- oldest-program: 0.2.0
-- Planning tells what it has learned of an account from what it guesses.

DROP FUNCTION account_knowledge;
-- What planning needs to know of an account: rows of a day, and the days known of the last `days` as "day:read at,…".
-- learned: of the 31 days read last, whichever days they are of, that were over; one or two of them, a weekend say, do not
-- speak for an account with many ads. Else a guess: as many as ads that may deliver; null: unknown.
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
     CROSS JOIN LATERAL (
           SELECT CASE WHEN count(*) = 0 THEN NULL
                       WHEN count(*) < 3 THEN greatest(1, ceil(avg(d.rows)), ceil(coalesce(g.rows, 0) / 4.0))
                       ELSE greatest(1, ceil(avg(d.rows))) END::bigint AS rows
             FROM (SELECT d.rows
                     FROM account_days d JOIN connections k ON k.id = d.connection_id
                    WHERE d.connection_id = connection AND d.granularity = by
                      AND d.read_at >= day_start(k.timezone, d.event_date + 1) AND d.read_at > now() - interval '31 days'
                    ORDER BY d.read_at DESC, d.event_date DESC LIMIT 31) d) l
$$;

-- Days and hours of a connection are due at once.
DROP INDEX sync_runs_due;
CREATE UNIQUE INDEX sync_runs_due ON sync_runs (connection_id, trigger, due_at, granularity) WHERE due_at IS NOT NULL;

-- A number among a connection's settings; null when it is none, whoever wrote it: it must not stop the work of others.
CREATE FUNCTION setting_number(settings jsonb, name text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN settings ->> name ~ '^[0-9]{1,9}$' THEN (settings ->> name)::bigint END
$$;
