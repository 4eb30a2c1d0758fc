-- $1 connection, $2 granularity, $3 from, $4 to.
INSERT INTO account_days (connection_id, granularity, event_date)
SELECT $1::uuid, $2, day::date
  FROM generate_series($3::date::timestamp, $4::date::timestamp, interval '1 day') day
 ORDER BY day
ON CONFLICT DO NOTHING
