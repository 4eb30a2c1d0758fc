-- The run keeps how it ended. $1 chunk.
WITH done AS (
    UPDATE sync_chunks SET status = 'cancelled' WHERE status = 'dead' AND id = $1::uuid
    RETURNING 1)
SELECT count(*) FROM done
