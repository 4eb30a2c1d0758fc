-- The connection that was named, or the only one; the entity by our id or by the provider's, looked up by index, each on its own: a
-- join would be as good as the statistics are, and a workspace that has just begun has none. Materialized, since within the walls an
-- index is only asked for plain columns. $1 workspace.
WITH known AS (
    SELECT k.id, k.provider, k.timezone, k.currency, count(*) OVER (PARTITION BY k.provider) AS of_provider
      FROM connections k
     WHERE k.workspace_id = $1::uuid AND k.deleted_at IS NULL),
homes AS MATERIALIZED (
    SELECT i.provider, coalesce(i.connection_id, '00000000-0000-0000-0000-000000000000') AS asked, k.id, k.timezone, k.currency,
           CASE WHEN k.id IS NOT NULL THEN NULL
                WHEN i.connection_id IS NOT NULL THEN 'is no connection of this workspace to ' || i.provider
                WHEN EXISTS (SELECT 1 FROM known x WHERE x.provider = i.provider)
                THEN 'is required: this workspace has several connections to ' || i.provider
                ELSE 'is required, or currency: this workspace has no connection to ' || i.provider || ' yet'
           END AS no_connection
      FROM (SELECT DISTINCT provider, connection_id FROM ingest_names) i
      LEFT JOIN known k ON k.provider = i.provider AND (k.id = i.connection_id OR (i.connection_id IS NULL AND k.of_provider = 1)))
INSERT INTO ingest_entities (name, connection_id, no_connection, zone, currency, entity_id, level, asked_level)
SELECT i.name, h.id, h.no_connection, h.timezone, coalesce(i.currency, h.currency), e.id, e.level, i.level
  FROM ingest_names i
  JOIN homes h ON h.provider = i.provider AND h.asked = coalesce(i.connection_id, '00000000-0000-0000-0000-000000000000')
  LEFT JOIN LATERAL (
       SELECT x.id, x.level FROM entities x WHERE x.connection_id = h.id AND x.external_id = i.external_id
        UNION ALL
       SELECT y.id, y.level FROM entities y WHERE y.connection_id = h.id AND y.id = i.entity_id
        LIMIT 1) e ON true
