-- oldest-program: 0.2.0
-- Each day's slice is compared with the account's own total of it.

ALTER TABLE chunk_cursor DROP COLUMN complete;
-- Since when the totals of its days are asked for again; all its pages are staged.
ALTER TABLE chunk_cursor ADD COLUMN totals_at timestamptz;

-- May a chunk go on at this place? A cursor of the provider serves for 15 minutes, staged pages without one for a day.
CREATE FUNCTION chunk_place_serves(place chunk_cursor) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN place.totals_at IS NOT NULL THEN place.saved_at >= now() - interval '1 day'
                WHEN place.page = 1 THEN place.reread
                ELSE place.saved_at >= now() - interval '15 minutes' END
$$;

-- MX004: the slice differs from the account's own totals; nothing of it is stored yet.
CREATE FUNCTION slice_must_agree(days bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF days > 0 THEN
        RAISE EXCEPTION '% days do not add up to the account''s own totals', days USING ERRCODE = 'MX004';
    END IF;
END $$;

ALTER TABLE run_totals ADD COLUMN conversions numeric NOT NULL;
-- A foreign key would lock the run's row, which all its merges write at their end: they would deadlock.
ALTER TABLE run_totals DROP CONSTRAINT run_totals_run_id_fkey;

-- Every day of a connection from the first known one to the account's today, whether known or not.
CREATE FUNCTION day_coverage(connection uuid)
RETURNS TABLE (granularity text, event_date date, state text, cause text, restated boolean, rows bigint,
               total_spend numeric, total_impressions bigint, total_clicks bigint, unattributed_spend numeric,
               read_at timestamptz, run_id uuid) LANGUAGE sql STABLE AS $$
    SELECT g.granularity, day::date, coalesce(d.state, 'missing'), d.cause, coalesce(d.restated, false),
           coalesce(d.rows, 0), d.total_spend, d.total_impressions, d.total_clicks, d.unattributed_spend, d.read_at,
           d.run_id
      FROM (SELECT n.granularity, min(n.event_date) AS first, (now() AT TIME ZONE k.timezone)::date AS today
              FROM account_days n JOIN connections k ON k.id = n.connection_id
             WHERE n.connection_id = connection GROUP BY n.granularity, k.timezone) g
     CROSS JOIN generate_series(g.first::timestamp, greatest(g.first, g.today)::timestamp, interval '1 day') day
      LEFT JOIN account_days d ON d.connection_id = connection AND d.granularity = g.granularity
                              AND d.event_date = day::date
$$;

-- What planning needs to know of an account: rows of a day (of days read lately, else as many as ads that may deliver;
-- null: unknown), and the days known of the last `days` as "day:read at,…".
CREATE FUNCTION account_knowledge(connection uuid, by text, days int)
RETURNS TABLE (rows_per_day bigint, known text) LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT ceil(avg(d.rows))::bigint FROM account_days d
                      WHERE d.connection_id = connection AND d.granularity = by AND d.rows > 0
                        AND d.event_date > current_date - 31),
                    (SELECT nullif(count(*), 0) * CASE by WHEN 'hour' THEN 24 ELSE 1 END FROM entities e
                      WHERE e.connection_id = connection AND e.level = 'ad' AND e.vanished_at IS NULL
                        AND e.status IS DISTINCT FROM 'DELETED' AND e.status IS DISTINCT FROM 'ARCHIVED')),
           (SELECT string_agg((d.event_date - date '1970-01-01') || ':'
                              || coalesce((extract(epoch FROM d.read_at) * 1000)::bigint, 0), ',' ORDER BY d.event_date)
              FROM account_days d
             WHERE d.connection_id = connection AND d.granularity = by AND d.event_date >= current_date - days)
$$;

-- Until when a provider allows a scope no call, so that it outlives Redis' data.
CREATE TABLE provider_blocks (
    scope         text PRIMARY KEY,
    blocked_until timestamptz NOT NULL
);
