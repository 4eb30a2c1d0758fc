-- New facts. A sync that was quicker with one by an instant makes this fail: then it is all done again. $1 workspace.
INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at,
                          --hour event_hour,
                          currency, source, spend, impressions, clicks, link_clicks, conversions, revenue, leads, installs,
                          purchases, registrations, visitors, reach, attribution_setting, actions, action_values)
SELECT $1::uuid, k.connection_id, k.entity_id, m.provider, m.level, k.event_date, k.event_at,
       --hour k.hour,
       k.currency, 'ingest', coalesce(i.spend, 0), coalesce(i.impressions, 0), coalesce(i.clicks, 0), coalesce(i.link_clicks, 0),
       coalesce(i.conversions, 0), coalesce(i.revenue, 0), coalesce(i.leads, 0), coalesce(i.installs, 0), coalesce(i.purchases, 0),
       coalesce(i.registrations, 0), coalesce(i.visitors, 0), i.reach, i.attribution_setting, coalesce(i.actions, '{}'),
       coalesce(i.action_values, '{}')
  FROM ingest_keys k
  JOIN ingest i ON i.n = k.n
  JOIN ingest_names m ON m.name = i.name
 WHERE k.field IS NULL AND NOT k.again AND k.stored IS NULL
   AND (k.hour IS NULL) = (true
       --hour AND false
       )
 ORDER BY k.entity_id, k.event_date
