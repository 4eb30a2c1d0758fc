-- Days and hours are those of the connection's zone. The entity by our id or by the provider's; the level must be that of the entity.
-- What is known of a fact is looked up by index, each on its own: a join would be as good as the statistics are, and a workspace that
-- has just begun has none. Materialized, since within the walls an index is only asked for plain columns.
WITH named AS MATERIALIZED (
    SELECT i.n, h.connection_id, e.id AS entity_id, h.zone, coalesce(i.currency, h.currency) AS currency,
           coalesce(i.event_date, (i.event_at AT TIME ZONE h.zone)::date) AS event_date,
           CASE WHEN i.hourly THEN extract(hour FROM i.event_at AT TIME ZONE h.zone)::smallint END AS hour,
           CASE WHEN h.connection_id IS NULL THEN 'connection_id'
                WHEN e.id IS NULL THEN 'entity_id'
                WHEN e.level <> i.level THEN 'level' END AS field,
           CASE WHEN h.connection_id IS NULL THEN h.message
                WHEN e.id IS NULL THEN 'is no entity of this connection'
                WHEN e.level <> i.level THEN 'is ' || i.level || ', but this entity is of level ' || e.level END AS message
      FROM ingest i
      JOIN ingest_homes h ON h.provider = i.provider AND h.asked = coalesce(i.connection_id, '00000000-0000-0000-0000-000000000000')
      LEFT JOIN LATERAL (
           SELECT x.id, x.level FROM entities x WHERE x.connection_id = h.connection_id AND x.external_id = i.external_id
            UNION ALL
           SELECT y.id, y.level FROM entities y WHERE y.connection_id = h.connection_id AND y.id = i.entity_id
            LIMIT 1) e ON true)
INSERT INTO ingest_keys (n, connection_id, entity_id, event_date, hour, event_at, currency, again, stored, field, message)
SELECT k.n, k.connection_id, k.entity_id, k.event_date, k.hour, day_start(k.zone, k.event_date), k.currency,
       k.field IS NULL AND lead(k.n) OVER (PARTITION BY k.field IS NULL, k.entity_id, k.event_date, k.hour ORDER BY k.n) IS NOT NULL,
       CASE WHEN k.hour IS NULL
            THEN (SELECT f.source FROM metric_facts f WHERE f.entity_id = k.entity_id AND f.event_date = k.event_date)
            ELSE (SELECT f.source FROM metric_facts_hourly f
                   WHERE f.entity_id = k.entity_id AND f.event_date = k.event_date AND f.event_hour = k.hour) END,
       k.field, k.message
  FROM named k
