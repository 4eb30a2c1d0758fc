-- $1 connection.
SELECT count(*) FROM sync_runs
 WHERE connection_id = $1::uuid AND status IN ('queued', 'running') AND NOT reopened
