-- Of a run that has ended. $1 run.
DELETE FROM run_totals t USING sync_runs r
 WHERE t.run_id = $1::uuid AND r.id = $1::uuid AND r.status NOT IN ('queued', 'running')
