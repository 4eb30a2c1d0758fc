-- What a run of metrics has come to, in the words of its caller. $1 run.
SELECT json_build_object(
           'facts_ingested', r.rows_inserted + r.rows_updated,
           'facts_skipped', r.rows_unchanged,
           'facts_removed', r.rows_removed,
           'date_range', json_build_object('start', r.date_from, 'end', r.date_to),
           'ads_processed', CASE r.granularity
                WHEN 'hour' THEN (SELECT count(DISTINCT f.entity_id) FROM metric_facts_hourly f
                                   WHERE f.connection_id = r.connection_id AND f.event_date BETWEEN r.date_from AND r.date_to)
                ELSE (SELECT count(DISTINCT f.entity_id) FROM metric_facts f
                       WHERE f.connection_id = r.connection_id AND f.event_date BETWEEN r.date_from AND r.date_to) END,
           'duration_seconds', round(extract(epoch FROM coalesce(r.finished_at, now()) - r.created_at), 3))
  FROM sync_runs r
 WHERE r.id = $1::uuid
