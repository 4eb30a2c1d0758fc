-- Of facts with the same key the last one counts.
UPDATE ingest i
   SET again = true
  FROM (
        SELECT a.n, lead(a.n) OVER (PARTITION BY a.entity_id, a.event_date, a.hour ORDER BY a.n) AS later
          FROM ingest a
         WHERE a.field IS NULL) r
 WHERE r.n = i.n AND r.later IS NOT NULL
