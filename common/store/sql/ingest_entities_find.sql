-- By our id or by the provider's; the level must be that of the entity.
UPDATE ingest i
   SET entity_id = f.id, field = f.field, message = f.message
  FROM (
        SELECT a.n, e.id,
               CASE WHEN e.id IS NULL THEN 'entity_id' WHEN e.level <> a.level THEN 'level' END AS field,
               CASE WHEN e.id IS NULL THEN 'is no entity of this connection'
                    WHEN e.level <> a.level THEN 'is ' || a.level || ', but this entity is of level ' || e.level END AS message
          FROM ingest a
          LEFT JOIN entities x ON x.connection_id = a.connection_id AND x.external_id = a.external_id
          LEFT JOIN entities y ON y.connection_id = a.connection_id AND y.id = a.entity_id
         CROSS JOIN LATERAL (SELECT coalesce(x.id, y.id) AS id, coalesce(x.level, y.level) AS level) e
         WHERE a.field IS NULL) f
 WHERE f.n = i.n
