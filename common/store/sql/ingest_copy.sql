COPY ingest (n, name, event_at, event_date, hourly, spend, impressions, clicks, link_clicks, conversions, revenue, leads, installs,
             purchases, registrations, visitors, reach, attribution_setting, actions, action_values) FROM STDIN
