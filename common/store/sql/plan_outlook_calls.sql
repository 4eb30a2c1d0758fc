-- Calls of late, oldest first. $1 connection, $2 window in milliseconds.
SELECT l.scope = k.provider || ':app', (extract(epoch FROM clock_timestamp() - l.bucket) * 1000)::bigint, l.calls
  FROM connections k
  JOIN call_ledger l ON l.scope IN (k.provider || ':app', k.provider || ':' || k.external_account_id)
       AND l.bucket > clock_timestamp() - $2::bigint * interval '1 millisecond'
 WHERE k.id = $1::uuid
 ORDER BY l.bucket
