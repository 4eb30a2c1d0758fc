-- What would count twice: a sync has stored this very key; or what lies above or below has a fact that day, stored or earlier in this
-- request.
WITH wanted AS (
    SELECT i.n, i.connection_id, i.entity_id, i.event_date, i.hour, i.stored
      FROM ingest_keys i
     WHERE i.field IS NULL AND NOT i.again
       AND (i.hour IS NULL) = (true
           --hour AND false
           )),
own AS (
    SELECT DISTINCT w.connection_id, w.entity_id FROM wanted w),
relatives AS (
    SELECT o.entity_id, e.parent_id AS relative
      FROM own o JOIN entities e ON e.id = o.entity_id
     WHERE e.parent_id IS NOT NULL
     UNION
    SELECT o.entity_id, e.campaign_id
      FROM own o JOIN entities e ON e.id = o.entity_id
     WHERE e.campaign_id IS NOT NULL
     UNION
    SELECT o.entity_id, e.id
      FROM own o JOIN entities e ON e.connection_id = o.connection_id AND e.parent_id = o.entity_id
     UNION
    SELECT o.entity_id, e.id
      FROM own o JOIN entities e ON e.connection_id = o.connection_id AND e.campaign_id = o.entity_id),
family AS (
    SELECT w.n, w.event_date, w.hour, r.relative FROM relatives r JOIN wanted w ON w.entity_id = r.entity_id),
found AS (
    SELECT w.n, 'a sync has stored this entity''s numbers for that day' AS message FROM wanted w WHERE w.stored = 'sync'
     UNION ALL
    SELECT y.n, 'what lies above or below this entity has numbers for that day; both would count twice'
      FROM family y
      JOIN metric_facts f ON f.entity_id = y.relative AND f.event_date = y.event_date
                         --hour AND f.event_hour = y.hour
     UNION ALL
    SELECT y.n, 'what lies above or below this entity comes before it in this request'
      FROM family y
      JOIN wanted w ON w.entity_id = y.relative AND w.event_date = y.event_date AND w.hour IS NOT DISTINCT FROM y.hour AND w.n < y.n)
UPDATE ingest_keys i
   SET field = 'event_date', message = 'overlaps: ' || o.message
  FROM (SELECT n, min(message) AS message FROM found GROUP BY n) o
 WHERE o.n = i.n
