-- $1 workspace.
INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at,
                          --hour event_hour,
                          currency, source, spend, impressions, clicks, link_clicks, conversions, revenue, leads, installs,
                          purchases, registrations, visitors, reach, attribution_setting, actions, action_values)
SELECT $1::uuid, i.connection_id, i.entity_id, i.provider, i.level, i.event_date, day_start(i.zone, i.event_date),
       --hour i.hour,
       i.currency, 'ingest', coalesce(i.spend, 0), coalesce(i.impressions, 0), coalesce(i.clicks, 0), coalesce(i.link_clicks, 0),
       coalesce(i.conversions, 0), coalesce(i.revenue, 0), coalesce(i.leads, 0), coalesce(i.installs, 0), coalesce(i.purchases, 0),
       coalesce(i.registrations, 0), coalesce(i.visitors, 0), i.reach, i.attribution_setting, coalesce(i.actions, '{}'),
       coalesce(i.action_values, '{}')
  FROM ingest i
 WHERE i.field IS NULL AND NOT i.again
   AND i.hourly = (false
       --hour OR true
       )
   AND NOT EXISTS (SELECT 1 FROM metric_facts f
                    WHERE f.entity_id = i.entity_id AND f.event_date = i.event_date
                      --hour AND f.event_hour = i.hour
                   )
 ORDER BY i.entity_id, i.event_date
ON CONFLICT DO NOTHING
