-- What this slice changes in days whose stored reading began after their end: written down before it is changed.
-- $1 chunk, $2 connection, $3 currency, $4 zone, $5 from, $6 to, $7 run.
WITH settled AS (
    SELECT d.event_date
      FROM account_days d
     WHERE d.connection_id = $2::uuid AND d.granularity = 'day' AND d.event_date BETWEEN $5::date AND $6::date
       AND d.read_at < (SELECT opened_at FROM chunk_cursor WHERE chunk_id = $1::uuid)
       AND d.read_at >= day_start($4, d.event_date + 1)),
old AS (
    SELECT f.* FROM metric_facts f JOIN settled USING (event_date)
     WHERE f.connection_id = $2::uuid AND f.event_date BETWEEN $5::date AND $6::date AND f.level = 'ad'),
new AS (
    SELECT e.id AS entity_id, $3 AS currency, s.*
      FROM chunk_facts s
      JOIN settled USING (event_date)
      JOIN entities e ON e.connection_id = $2::uuid AND e.external_id = s.ad_id
     WHERE s.chunk_id = $1::uuid),
changed AS (
    SELECT coalesce(o.entity_id, n.entity_id) AS entity_id, coalesce(o.event_date, n.event_date) AS event_date,
           CASE WHEN o.entity_id IS NOT NULL
                THEN (SELECT to_jsonb(m) FROM (SELECT o.currency, o.spend, o.impressions, o.clicks, o.link_clicks,
                                                    o.conversions, o.revenue, o.leads, o.installs, o.purchases,
                                                    o.registrations, o.visitors, o.reach, o.attribution_setting,
                                                    o.actions, o.action_values) m) END AS old,
           CASE WHEN n.entity_id IS NOT NULL
                THEN (SELECT to_jsonb(m) FROM (SELECT n.currency, n.spend, n.impressions, n.clicks, n.link_clicks,
                                                    n.conversions, n.revenue, n.leads, n.installs, n.purchases,
                                                    n.registrations, n.visitors, n.reach, n.attribution_setting,
                                                    n.actions, n.action_values) m) END AS new
      FROM old o
      FULL JOIN new n ON n.entity_id = o.entity_id AND n.event_date = o.event_date
      LEFT JOIN chunk_gone k ON k.chunk_id = $1::uuid AND k.stays
                            AND k.entity_id = o.entity_id AND k.event_date = o.event_date
     WHERE o.source IS DISTINCT FROM 'ingest' AND k.entity_id IS NULL
       AND (o.currency, o.spend, o.impressions, o.clicks, o.link_clicks, o.conversions, o.revenue, o.leads,
            o.installs, o.purchases, o.registrations, o.visitors, o.reach, o.attribution_setting, o.actions,
            o.action_values)
           IS DISTINCT FROM
           (n.currency, n.spend, n.impressions, n.clicks, n.link_clicks, n.conversions, n.revenue, n.leads,
            n.installs, n.purchases, n.registrations, n.visitors, n.reach, n.attribution_setting, n.actions,
            n.action_values))
INSERT INTO restatements (connection_id, entity_id, event_date, column_name, old, new, run_id)
SELECT $2::uuid, x.entity_id, x.event_date, v.column_name, v.old, v.new, $7::uuid
  FROM changed x
 CROSS JOIN LATERAL (
       SELECT 'row' AS column_name, x.old::text AS old, x.new::text AS new WHERE x.old IS NULL OR x.new IS NULL
        UNION ALL
       SELECT key, o.value #>> '{}', n.value #>> '{}'
         FROM jsonb_each(x.old) o JOIN jsonb_each(x.new) n USING (key)
        WHERE o.value IS DISTINCT FROM n.value) v
