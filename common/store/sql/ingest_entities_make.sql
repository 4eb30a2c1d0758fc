-- Placeholders for what nobody knows yet, of the level that its first fact says. $1 workspace.
INSERT INTO entities (workspace_id, connection_id, provider, external_id, level, name, details)
SELECT DISTINCT ON (e.connection_id, i.external_id)
       $1::uuid, e.connection_id, i.provider, i.external_id, i.level, i.external_id, '{"placeholder": true}'::jsonb
  FROM ingest_entities e
  JOIN ingest_names i ON i.name = e.name
 WHERE e.connection_id IS NOT NULL AND e.entity_id IS NULL AND i.external_id IS NOT NULL
 ORDER BY e.connection_id, i.external_id, i.name
ON CONFLICT DO NOTHING
