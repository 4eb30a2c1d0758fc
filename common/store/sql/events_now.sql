-- The present state of a workspace as events: its connections, its open runs, and the runs that ended since $2 (null: none of them).
-- $1 workspace.
SELECT e.event_id, e.type,
       json_build_object('event_id', e.event_id, 'type', e.type, 'at', (extract(epoch FROM now()) * 1000)::bigint,
                         'workspace_id', $1::uuid, 'connection_id', e.connection_id, 'run_id', e.run_id, 'status', e.status)::jsonb
       || e.more
  FROM (
        SELECT gen_random_uuid() AS event_id, k.connected_at AS since, k.id AS connection_id, NULL::uuid AS run_id, k.status,
               CASE WHEN k.status IN ('needs_reauth', 'no_access') THEN 'connection.' || k.status ELSE 'connection.state' END AS type,
               jsonb_build_object('error_code', k.error_code, 'error', k.status_reason) AS more
          FROM connections k
         WHERE k.workspace_id = $1::uuid AND k.deleted_at IS NULL
        UNION ALL
        SELECT gen_random_uuid(), r.created_at, r.connection_id, r.id, r.status,
               'run.' || CASE WHEN r.status IN ('queued', 'running') THEN 'progress' ELSE r.status END,
               jsonb_build_object('chunks_total', r.chunks_total, 'chunks_done', r.chunks_done, 'rows', coalesce(p.rows, 0),
                                  'calls', coalesce(p.calls, r.calls), 'error_code', r.error_code, 'error', r.error)
          FROM sync_runs r
          LEFT JOIN LATERAL (
               SELECT sum(c.rows + coalesce(u.rows, 0))::bigint AS rows, sum(c.calls + coalesce(u.calls, 0))::bigint AS calls
                 FROM sync_chunks c LEFT JOIN chunk_cursor u ON u.chunk_id = c.id
                WHERE c.run_id = r.id) p ON true
         WHERE r.workspace_id = $1::uuid AND (r.status IN ('queued', 'running') OR r.finished_at >= $2::timestamptz)) e
 ORDER BY e.run_id IS NOT NULL, e.since
