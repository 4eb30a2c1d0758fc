-- $1 connection.
DELETE FROM chunk_entities
 WHERE chunk_id IN (SELECT id FROM sync_chunks
                     WHERE connection_id = $1::uuid AND status = 'dead' AND finished_at = now())
