-- Of a connection that is back and has nothing to take up. $1 connection.
INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger)
SELECT k.workspace_id, k.id, 'full', 'connect' FROM connections k
 WHERE k.id = $1::uuid AND k.status = 'active' AND k.deleted_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM sync_runs r WHERE r.connection_id = k.id AND r.status IN ('queued', 'running'))
ON CONFLICT DO NOTHING
