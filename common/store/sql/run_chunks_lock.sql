-- $1 run.
SELECT 1 FROM sync_chunks WHERE run_id = $1::uuid AND status IN ('queued', 'running') ORDER BY id FOR UPDATE
