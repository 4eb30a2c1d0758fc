-- Placeholders for what nobody knows yet, of the level that its first fact says. $1 workspace.
WITH asked AS (
    SELECT h.connection_id, i.external_id, min(i.n) AS n
      FROM ingest i
      JOIN ingest_homes h ON h.provider = i.provider AND h.asked = coalesce(i.connection_id, '00000000-0000-0000-0000-000000000000')
     WHERE h.connection_id IS NOT NULL AND i.external_id IS NOT NULL
     GROUP BY h.connection_id, i.external_id),
unknown AS MATERIALIZED (
    SELECT a.n, a.connection_id
      FROM asked a
     WHERE (SELECT e.id FROM entities e WHERE e.connection_id = a.connection_id AND e.external_id = a.external_id) IS NULL)
INSERT INTO entities (workspace_id, connection_id, provider, external_id, level, name, details)
SELECT $1::uuid, u.connection_id, i.provider, i.external_id, i.level, i.external_id, '{"placeholder": true}'::jsonb
  FROM unknown u
  JOIN ingest i ON i.n = u.n
 ORDER BY u.connection_id, i.external_id
ON CONFLICT DO NOTHING
