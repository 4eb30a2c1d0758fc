-- Days and hours are those of the connection's zone.
UPDATE ingest
   SET event_date = coalesce(event_date, (event_at AT TIME ZONE zone)::date),
       hour = CASE WHEN hourly THEN extract(hour FROM event_at AT TIME ZONE zone)::smallint END
 WHERE field IS NULL
