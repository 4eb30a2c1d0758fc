-- A sync was quicker by an instant.
UPDATE ingest_keys k
   SET field = 'event_date', message = 'overlaps: a sync has stored this entity''s numbers for that day'
 WHERE k.field IS NULL AND NOT k.again
   AND (k.hour IS NULL) = (true
       --hour AND false
       )
   AND NOT EXISTS (SELECT 1 FROM metric_facts f
                    WHERE f.entity_id = k.entity_id AND f.event_date = k.event_date AND f.source = 'ingest'
                      --hour AND f.event_hour = k.hour
                   )
