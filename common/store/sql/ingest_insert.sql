-- New facts; what a sync was quicker with by an instant is refused. $1 workspace.
WITH put AS (
    INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at,
                              --hour event_hour,
                              currency, source, spend, impressions, clicks, link_clicks, conversions, revenue, leads, installs,
                              purchases, registrations, visitors, reach, attribution_setting, actions, action_values)
    SELECT $1::uuid, k.connection_id, k.entity_id, i.provider, i.level, k.event_date, k.event_at,
           --hour k.hour,
           k.currency, 'ingest', coalesce(i.spend, 0), coalesce(i.impressions, 0), coalesce(i.clicks, 0), coalesce(i.link_clicks, 0),
           coalesce(i.conversions, 0), coalesce(i.revenue, 0), coalesce(i.leads, 0), coalesce(i.installs, 0), coalesce(i.purchases, 0),
           coalesce(i.registrations, 0), coalesce(i.visitors, 0), i.reach, i.attribution_setting, coalesce(i.actions, '{}'),
           coalesce(i.action_values, '{}')
      FROM ingest_keys k
      JOIN ingest i ON i.n = k.n
     WHERE k.field IS NULL AND NOT k.again AND k.stored IS NULL
       AND (k.hour IS NULL) = (true
           --hour AND false
           )
     ORDER BY k.entity_id, k.event_date
    ON CONFLICT DO NOTHING
    RETURNING entity_id, event_date
              --hour , event_hour
    )
UPDATE ingest_keys k
   SET field = 'event_date', message = 'overlaps: a sync has stored this entity''s numbers for that day'
 WHERE k.field IS NULL AND NOT k.again AND k.stored IS NULL
   AND (k.hour IS NULL) = (true
       --hour AND false
       )
   AND NOT EXISTS (SELECT 1 FROM put p
                    WHERE p.entity_id = k.entity_id AND p.event_date = k.event_date
                      --hour AND p.event_hour = k.hour
                   )
