-- $1 workspace.
SELECT 1 FROM sync_chunks
 WHERE connection_id IN (SELECT id FROM connections WHERE workspace_id = $1::uuid) AND status IN ('queued', 'running')
 ORDER BY id FOR UPDATE
