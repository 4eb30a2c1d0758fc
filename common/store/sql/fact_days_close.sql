-- $1 chunk, $2 connection, $3 granularity, $4 from, $5 to, $6 run.
UPDATE account_days d
   SET read_at = u.opened_at, run_id = $6::uuid,
       restated = d.restated OR EXISTS (SELECT 1 FROM restatements r
                                         WHERE r.connection_id = $2::uuid AND r.changed_at = now()
                                           AND r.event_date = d.event_date)
  FROM chunk_cursor u
 CROSS JOIN generate_series($4::date::timestamp, $5::date::timestamp, interval '1 day') day
 WHERE u.chunk_id = $1::uuid
   AND d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date = day::date
   AND (d.read_at IS NULL OR d.read_at < u.opened_at)
