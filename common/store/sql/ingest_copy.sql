COPY ingest (n, connection_id, entity_id, external_id, provider, level, event_at, event_date, hourly, currency, spend, impressions,
             clicks, link_clicks, conversions, revenue, leads, installs, purchases, registrations, visitors, reach,
             attribution_setting, actions, action_values) FROM STDIN
