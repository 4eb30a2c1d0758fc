-- What was read of each day that this slice may write, and the account's own total of it.
-- $1 chunk, $2 connection, $3 granularity, $4 from, $5 to, $6 run, $7 zone, $8 digits of money in the currency.
INSERT INTO chunk_days (chunk_id, event_date, runs, moved, spend, impressions, clicks, conversions, rows,
                        hourless_rows, hourless_spend, half,
                        total_spend, total_impressions, total_clicks, total_conversions)
SELECT $1::uuid, d.event_date, day_start($7, d.event_date + 1) > u.opened_at, coalesce(t.moved, false),
       coalesce(s.spend, 0), coalesce(s.impressions, 0), coalesce(s.clicks, 0), coalesce(s.conversions, 0),
       coalesce(s.rows, 0), coalesce(s.hourless_rows, 0), coalesce(s.hourless_spend, 0),
       0.5 * 10::numeric ^ -greatest($8::int, s.places, scale(t.spend)),
       t.spend, t.impressions, t.clicks,
       CASE WHEN $3 = 'hour' AND t.run_id IS NOT NULL THEN 0 ELSE t.conversions END -- Meta leaves most out of hours
  FROM account_days d
 CROSS JOIN chunk_cursor u
  LEFT JOIN run_totals t ON t.run_id = $6::uuid AND t.event_date = d.event_date
  LEFT JOIN (SELECT event_date, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
                    sum(conversions) AS conversions, count(*) AS rows, max(scale(spend)) AS places,
                    count(*) FILTER (WHERE $3 = 'hour' AND event_hour < 0) AS hourless_rows,
                    sum(spend) FILTER (WHERE $3 = 'hour' AND event_hour < 0) AS hourless_spend
               FROM chunk_facts WHERE chunk_id = $1::uuid GROUP BY event_date) s ON s.event_date = d.event_date
 WHERE u.chunk_id = $1::uuid
   AND d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date BETWEEN $4::date AND $5::date
   AND (d.read_at IS NULL OR d.read_at < u.opened_at)
