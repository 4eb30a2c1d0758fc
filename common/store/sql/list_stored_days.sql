-- What is stored of each known day, money as text. $1 connection.
SELECT d.event_date, coalesce(f.spend, 0)::text AS spend, coalesce(f.impressions, 0)::text AS impressions,
       coalesce(f.clicks, 0)::text AS clicks, coalesce(f.rows, 0) AS rows, d.state, d.cause,
       d.total_spend::text, d.total_impressions::text, d.total_clicks::text
  FROM account_days d
  LEFT JOIN (SELECT event_date, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
                    count(*) AS rows
               FROM metric_facts
              WHERE connection_id = $1::uuid AND level = 'ad' AND source = 'sync'
              GROUP BY event_date) f ON f.event_date = d.event_date
 WHERE d.connection_id = $1::uuid AND d.granularity = 'day' AND d.read_at IS NOT NULL
 ORDER BY d.event_date
