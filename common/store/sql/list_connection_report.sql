-- What is stored of a connection: entities by level, facts, sums by month. $1 connection.
SELECT json_build_object(
           'connection_id', k.id,
           'entities', (SELECT json_build_object('campaign', count(*) FILTER (WHERE level = 'campaign'),
                                                 'adset', count(*) FILTER (WHERE level = 'adset'),
                                                 'ad', count(*) FILTER (WHERE level = 'ad'))
                          FROM entities WHERE connection_id = k.id),
           'facts', (SELECT count(*) FROM metric_facts WHERE connection_id = k.id),
           'days', (SELECT count(*) FROM account_days
                     WHERE connection_id = k.id AND granularity = 'day' AND read_at IS NOT NULL),
           'months', (SELECT coalesce(json_agg(m ORDER BY m.month, m.currency), '[]')
                        FROM (SELECT to_char(event_date, 'YYYY-MM') AS month, currency, count(*) AS facts,
                                     sum(spend)::text AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
                                     sum(purchases) AS purchases, sum(revenue)::text AS revenue
                                FROM metric_facts WHERE connection_id = k.id
                               GROUP BY 1, 2) m))
  FROM connections k
 WHERE k.id = $1::uuid AND k.deleted_at IS NULL
