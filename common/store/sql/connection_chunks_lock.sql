-- All open chunks of a connection, in order. $1 connection.
SELECT 1 FROM sync_chunks WHERE connection_id = $1::uuid AND status IN ('queued', 'running') ORDER BY id FOR UPDATE
