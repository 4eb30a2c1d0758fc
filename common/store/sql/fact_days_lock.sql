-- In order, so that slices that share days wait for each other instead of deadlocking.
-- $1 connection, $2 granularity, $3 from, $4 to.
SELECT 1 FROM account_days
 WHERE connection_id = $1::uuid AND granularity = $2 AND event_date BETWEEN $3::date AND $4::date
 ORDER BY event_date FOR UPDATE
