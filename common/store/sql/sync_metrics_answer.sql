-- What a run of metrics has come to, in the words of its caller. $1 run.
SELECT row_to_json(a)
  FROM (SELECT r.rows_inserted + r.rows_updated AS facts_ingested,
               r.rows_unchanged AS facts_skipped,
               r.rows_removed AS facts_removed,
               (SELECT row_to_json(d) FROM (SELECT r.date_from AS start, r.date_to AS "end") d) AS date_range,
               CASE r.granularity
                    WHEN 'hour' THEN (SELECT count(DISTINCT f.entity_id) FROM metric_facts_hourly f
                                       WHERE f.connection_id = r.connection_id AND f.event_date BETWEEN r.date_from AND r.date_to)
                    ELSE (SELECT count(DISTINCT f.entity_id) FROM metric_facts f
                           WHERE f.connection_id = r.connection_id AND f.event_date BETWEEN r.date_from AND r.date_to)
               END AS ads_processed,
               round(extract(epoch FROM coalesce(r.finished_at, now()) - r.created_at), 3) AS duration_seconds
          FROM sync_runs r
         WHERE r.id = $1::uuid) a
