-- Rows that differ, compared by value; all others stay untouched.
-- $1 chunk, $2 connection, $3 currency, $4 zone, $5 from, $6 to.
WITH done AS (
    UPDATE metric_facts f
       SET (event_at, currency, spend, impressions, clicks, link_clicks, conversions, revenue, leads, installs,
            purchases, registrations, visitors, reach, attribution_setting, actions, action_values, ingested_at) =
           (n.event_at, n.currency, n.spend, n.impressions, n.clicks, n.link_clicks, n.conversions, n.revenue,
            n.leads, n.installs, n.purchases, n.registrations, n.visitors, n.reach, n.attribution_setting, n.actions,
            n.action_values, now())
      FROM (SELECT e.id AS entity_id, day_start($4, s.event_date) AS event_at, $3 AS currency, s.*
              FROM chunk_facts s
              JOIN entities e ON e.connection_id = $2::uuid AND e.external_id = s.ad_id
             WHERE s.chunk_id = $1::uuid) n
     WHERE f.connection_id = $2::uuid AND f.event_date BETWEEN $5::date AND $6::date AND f.source = 'sync'
       AND f.entity_id = n.entity_id AND f.event_date = n.event_date
       --hour AND f.event_hour = n.event_hour
       AND (f.event_at, f.currency, f.spend, f.impressions, f.clicks, f.link_clicks, f.conversions, f.revenue,
            f.leads, f.installs, f.purchases, f.registrations, f.visitors, f.reach, f.attribution_setting, f.actions,
            f.action_values)
           IS DISTINCT FROM
           (n.event_at, n.currency, n.spend, n.impressions, n.clicks, n.link_clicks, n.conversions, n.revenue,
            n.leads, n.installs, n.purchases, n.registrations, n.visitors, n.reach, n.attribution_setting, n.actions,
            n.action_values)
    RETURNING 1)
UPDATE chunk_cursor SET updated = (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
