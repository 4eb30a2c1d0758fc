-- A sync was quicker by an instant.
UPDATE ingest i
   SET field = 'event_date', message = 'overlaps: a sync has stored this entity''s numbers for that day'
 WHERE i.field IS NULL AND NOT i.again
   AND i.hourly = (false
       --hour OR true
       )
   AND NOT EXISTS (SELECT 1 FROM metric_facts f
                    WHERE f.entity_id = i.entity_id AND f.event_date = i.event_date AND f.source = 'ingest'
                      --hour AND f.event_hour = i.hour
                   )
