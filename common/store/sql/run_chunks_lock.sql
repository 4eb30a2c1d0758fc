-- Open as in plan_chunks.sql. $1 run.
SELECT 1 FROM sync_chunks WHERE run_id = $1::uuid AND status NOT IN ('done', 'dead', 'cancelled') ORDER BY id FOR UPDATE
