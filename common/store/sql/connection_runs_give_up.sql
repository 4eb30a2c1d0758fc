-- Runs locked before; how far they were planned is kept for when the access is back. $1 connection, $2 error code, $3 error.
UPDATE sync_runs SET planned_before = planned, planned = 'all', error_code = $2, error = $3
 WHERE connection_id = $1::uuid AND status IN ('queued', 'running')
