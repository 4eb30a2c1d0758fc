-- Placeholders for what nobody knows yet. $1 workspace.
INSERT INTO entities (workspace_id, connection_id, provider, external_id, level, name, details)
SELECT DISTINCT ON (i.connection_id, i.external_id) $1::uuid, i.connection_id, i.provider, i.external_id, i.level, i.external_id,
       '{"placeholder": true}'
  FROM ingest i
 WHERE i.field IS NULL AND i.entity_id IS NULL
   AND NOT EXISTS (SELECT 1 FROM entities e WHERE e.connection_id = i.connection_id AND e.external_id = i.external_id)
 ORDER BY i.connection_id, i.external_id, i.n
ON CONFLICT DO NOTHING
