-- $1 run.
DELETE FROM chunk_entities
 WHERE chunk_id IN (SELECT id FROM sync_chunks
                     WHERE run_id = $1::uuid AND status = 'cancelled' AND finished_at = now())
