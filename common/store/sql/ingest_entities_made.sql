-- The entity behind what was unknown until now.
UPDATE ingest_entities m
   SET (entity_id, level) = (SELECT e.id, e.level FROM entities e WHERE e.connection_id = m.connection_id AND e.external_id = i.external_id)
  FROM ingest_names i
 WHERE i.name = m.name AND m.connection_id IS NOT NULL AND m.entity_id IS NULL AND i.external_id IS NOT NULL
