-- Open as in plan_chunks.sql. $1 run.
UPDATE sync_chunks c
   SET status = 'cancelled', finished_at = now(), retry_at = NULL,
       calls = c.calls + coalesce((SELECT u.calls FROM chunk_cursor u WHERE u.chunk_id = c.id), 0)
 WHERE c.run_id = $1::uuid AND c.status NOT IN ('done', 'dead', 'cancelled')
RETURNING c.id
