-- In order, so that slices that share days wait for each other instead of deadlocking. A reading of the future was stored by
-- a clock that ran ahead and was set right since: it is no later one. $1 connection, $2 granularity, $3 from, $4 to, $5 chunk.
WITH days AS (
    SELECT event_date, read_at FROM account_days
     WHERE connection_id = $1::uuid AND granularity = $2 AND event_date BETWEEN $3::date AND $4::date
     ORDER BY event_date FOR UPDATE)
UPDATE account_days d SET read_at = u.opened_at - interval '1 microsecond'
  FROM days, chunk_cursor u
 WHERE u.chunk_id = $5::uuid AND d.connection_id = $1::uuid AND d.granularity = $2 AND d.event_date = days.event_date
   AND days.read_at > clock_timestamp()
