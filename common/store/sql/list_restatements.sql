-- The newest, those of one moment by entity and column. $1 connection.
SELECT r.connection_id, r.entity_id, e.external_id, e.level, e.name, r.event_date, r.column_name, r.old, r.new,
       r.changed_at, r.run_id
  FROM restatements r LEFT JOIN entities e ON e.id = r.entity_id
 WHERE r.connection_id = $1::uuid
 ORDER BY r.changed_at DESC, r.event_date, e.external_id, r.column_name LIMIT 1000
