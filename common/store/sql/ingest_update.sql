-- What was sent replaces what is stored, what was left out stays; what is equal is not rewritten.
UPDATE metric_facts f
   SET currency = k.currency, spend = coalesce(i.spend, f.spend), impressions = coalesce(i.impressions, f.impressions),
       clicks = coalesce(i.clicks, f.clicks), link_clicks = coalesce(i.link_clicks, f.link_clicks),
       conversions = coalesce(i.conversions, f.conversions), revenue = coalesce(i.revenue, f.revenue),
       leads = coalesce(i.leads, f.leads), installs = coalesce(i.installs, f.installs),
       purchases = coalesce(i.purchases, f.purchases), registrations = coalesce(i.registrations, f.registrations),
       visitors = coalesce(i.visitors, f.visitors), reach = coalesce(i.reach, f.reach),
       attribution_setting = coalesce(i.attribution_setting, f.attribution_setting),
       actions = coalesce(i.actions, f.actions), action_values = coalesce(i.action_values, f.action_values), ingested_at = now()
  FROM ingest_keys k
  JOIN ingest i ON i.n = k.n
 WHERE f.entity_id = k.entity_id AND f.event_date = k.event_date AND f.source = 'ingest' AND k.field IS NULL AND NOT k.again
   --hour AND f.event_hour = k.hour
   AND k.stored = 'ingest'
   AND (k.hour IS NULL) = (true
       --hour AND false
       )
   AND (f.currency, f.spend, f.impressions, f.clicks, f.link_clicks, f.conversions, f.revenue, f.leads, f.installs, f.purchases,
        f.registrations, f.visitors, f.reach, f.attribution_setting, f.actions, f.action_values) IS DISTINCT FROM
       (k.currency, coalesce(i.spend, f.spend), coalesce(i.impressions, f.impressions), coalesce(i.clicks, f.clicks),
        coalesce(i.link_clicks, f.link_clicks), coalesce(i.conversions, f.conversions), coalesce(i.revenue, f.revenue),
        coalesce(i.leads, f.leads), coalesce(i.installs, f.installs), coalesce(i.purchases, f.purchases),
        coalesce(i.registrations, f.registrations), coalesce(i.visitors, f.visitors), coalesce(i.reach, f.reach),
        coalesce(i.attribution_setting, f.attribution_setting), coalesce(i.actions, f.actions),
        coalesce(i.action_values, f.action_values))
