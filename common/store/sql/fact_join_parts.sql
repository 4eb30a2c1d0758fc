-- Rows that were asked for in two parts become one, by their key; a second part without a first is a row of its own.
-- $1 chunk.
WITH joined AS (
    UPDATE chunk_facts f
       SET (link_clicks, conversions, revenue, leads, installs, purchases, registrations, visitors, actions, action_values) =
           (a.link_clicks, a.conversions, a.revenue, a.leads, a.installs, a.purchases, a.registrations, a.visitors,
            a.actions, a.action_values)
      FROM chunk_facts a
     WHERE f.chunk_id = $1::uuid AND NOT f.actions_only AND a.chunk_id = $1::uuid AND a.actions_only
       AND (a.ad_id, a.event_date, a.event_hour) = (f.ad_id, f.event_date, f.event_hour))
DELETE FROM chunk_facts a USING chunk_facts f
 WHERE a.chunk_id = $1::uuid AND a.actions_only AND f.chunk_id = $1::uuid AND NOT f.actions_only
   AND (a.ad_id, a.event_date, a.event_hour) = (f.ad_id, f.event_date, f.event_hour)
