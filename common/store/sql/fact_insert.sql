-- New rows. A day that has a row of another source keeps it.
-- $1 chunk, $2 connection, $3 workspace, $4 provider, $5 currency, $6 zone, $7 from, $8 to.
WITH done AS (
    INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at,
                              --hour event_hour,
                              currency, source,
                              spend, impressions, clicks, link_clicks, conversions, revenue, leads, installs,
                              purchases, registrations, visitors, reach, attribution_setting, actions, action_values)
    SELECT $3::uuid, $2::uuid, e.id, $4, 'ad', s.event_date,
           day_start($6, s.event_date),
           --hour s.event_hour,
           $5, 'sync',
           s.spend, s.impressions, s.clicks, s.link_clicks, s.conversions, s.revenue, s.leads, s.installs,
           s.purchases, s.registrations, s.visitors, s.reach, s.attribution_setting, s.actions, s.action_values
      FROM chunk_facts s
      JOIN entities e ON e.connection_id = $2::uuid AND e.external_id = s.ad_id
     WHERE s.chunk_id = $1::uuid
       AND NOT EXISTS (SELECT 1 FROM metric_facts f
                        WHERE f.connection_id = $2::uuid AND f.event_date BETWEEN $7::date AND $8::date
                          --hour AND f.event_hour = s.event_hour
                          AND f.entity_id = e.id AND f.event_date = s.event_date)
     ORDER BY e.id, s.event_date
    ON CONFLICT DO NOTHING
    RETURNING 1)
UPDATE chunk_cursor SET inserted = (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
