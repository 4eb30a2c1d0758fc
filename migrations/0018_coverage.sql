-- oldest-program: 0.2.0
-- Every day of a connection from the first known one to the account's today, whether known or not: the known ones and what lies between and
-- behind them. A join with all days of that range was, for a planner without statistics, one of each day with each.
CREATE OR REPLACE FUNCTION day_coverage(connection uuid)
RETURNS TABLE (granularity text, event_date date, state text, cause text, restated boolean, rows bigint,
               total_spend numeric, total_impressions bigint, total_clicks bigint, unattributed_spend numeric,
               read_at timestamptz, run_id uuid) LANGUAGE sql STABLE AS $$
    WITH known AS MATERIALIZED (SELECT d.* FROM account_days d WHERE d.connection_id = connection)
    SELECT n.granularity, n.event_date, n.state, n.cause, n.restated, n.rows, n.total_spend, n.total_impressions,
           n.total_clicks, n.unattributed_spend, n.read_at, n.run_id
      FROM known n
     UNION ALL
    SELECT g.granularity, day::date, 'missing', NULL, false, 0, NULL, NULL, NULL, NULL, NULL, NULL
      FROM (SELECT n.granularity, n.event_date + 1 AS first,
                   lead(n.event_date, 1, (now() AT TIME ZONE k.timezone)::date + 1)
                        OVER (PARTITION BY n.granularity ORDER BY n.event_date) - 1 AS last
              FROM known n JOIN connections k ON k.id = connection) g
     CROSS JOIN generate_series(g.first::timestamp, g.last::timestamp, interval '1 day') day
     WHERE g.first <= g.last
$$;
