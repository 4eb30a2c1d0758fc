-- Gives up all open chunks of a connection for one reason, and plans nothing more for its open runs.
-- $1 connection, $2 error code, $3 error.
WITH dead AS (
    UPDATE sync_chunks c
       SET status = 'dead', finished_at = now(), error_code = $2, error = $3, retry_at = NULL,
           calls = c.calls + coalesce((SELECT u.calls FROM chunk_cursor u WHERE u.chunk_id = c.id), 0)
     WHERE c.connection_id = $1::uuid AND c.status IN ('queued', 'running')
    RETURNING id)
DELETE FROM chunk_cursor WHERE chunk_id IN (SELECT id FROM dead)
