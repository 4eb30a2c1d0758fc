-- Places of closed chunks. $1 run.
DELETE FROM chunk_cursor
 WHERE chunk_id IN (SELECT id FROM sync_chunks WHERE run_id = $1::uuid AND status IN ('done', 'dead', 'cancelled'))
