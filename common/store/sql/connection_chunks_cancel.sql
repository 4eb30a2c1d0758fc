-- Open chunks of a connection whose runs are cancelled. $1 connection.
WITH cancelled AS (
    UPDATE sync_chunks SET status = 'cancelled', finished_at = now(), retry_at = NULL
     WHERE connection_id = $1::uuid AND status IN ('queued', 'running')
    RETURNING id),
facts AS (DELETE FROM chunk_facts WHERE chunk_id IN (SELECT id FROM cancelled)),
entities AS (DELETE FROM chunk_entities WHERE chunk_id IN (SELECT id FROM cancelled))
DELETE FROM chunk_cursor WHERE chunk_id IN (SELECT id FROM cancelled)
