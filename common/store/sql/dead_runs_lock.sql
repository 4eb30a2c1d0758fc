-- $1 a chunk, $2 all instead.
SELECT 1 FROM sync_runs
 WHERE id IN (SELECT run_id FROM sync_chunks WHERE status = 'dead' AND (id = $1::uuid OR $2::boolean))
 ORDER BY id FOR UPDATE
