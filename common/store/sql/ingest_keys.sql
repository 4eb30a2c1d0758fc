-- Days and hours are those of the connection's zone. Materialized, since within the walls an index is only asked for plain columns.
WITH placed AS MATERIALIZED (
    SELECT i.n, e.connection_id, e.entity_id, e.zone, e.currency,
           coalesce(i.event_date, (i.event_at AT TIME ZONE e.zone)::date) AS event_date,
           CASE WHEN i.hourly THEN extract(hour FROM i.event_at AT TIME ZONE e.zone)::smallint END AS hour,
           CASE WHEN e.connection_id IS NULL THEN 'connection_id'
                WHEN e.entity_id IS NULL THEN 'entity_id'
                WHEN e.level <> e.asked_level THEN 'level' END AS field,
           CASE WHEN e.connection_id IS NULL THEN e.no_connection
                WHEN e.entity_id IS NULL THEN 'is no entity of this connection'
                WHEN e.level <> e.asked_level THEN 'is ' || e.asked_level || ', but this entity is of level ' || e.level END AS message
      FROM ingest i
      JOIN ingest_entities e ON e.name = i.name)
INSERT INTO ingest_keys (n, connection_id, entity_id, event_date, hour, event_at, currency, again, stored, field, message)
SELECT p.n, p.connection_id, p.entity_id, p.event_date, p.hour, day_start(p.zone, p.event_date), p.currency,
       p.field IS NULL AND lead(p.n) OVER (PARTITION BY p.field IS NULL, p.entity_id, p.event_date, p.hour ORDER BY p.n) IS NOT NULL,
       CASE WHEN p.hour IS NULL
            THEN (SELECT f.source FROM metric_facts f WHERE f.entity_id = p.entity_id AND f.event_date = p.event_date)
            ELSE (SELECT f.source FROM metric_facts_hourly f
                   WHERE f.entity_id = p.entity_id AND f.event_date = p.event_date AND f.event_hour = p.hour) END,
       p.field, p.message
  FROM placed p
