-- Held ones come when they are released. $1 runs or null for all, $2 the last chunk of the page before or null, $3 how many.
SELECT c.id, c.run_id, c.connection_id, k.external_account_id, c.kind, k.provider, c.date_from, c.date_to,
       chunk_lane(r.interactive, r.trigger, c.ordinal), c.attempts, c.deliveries,
       CASE WHEN c.retry_at < now() + interval '1 hour' -- else a clock that ran ahead has said so
            THEN greatest(0, ceil(extract(epoch FROM c.retry_at - now()) * 1000)) ELSE 0 END::bigint,
       (SELECT min(setting_number(x.settings, 'calls_per_window')) FROM connections x
         WHERE x.provider = k.provider AND x.external_account_id = k.external_account_id AND x.deleted_at IS NULL),
       greatest(1, c.pages + 1 - coalesce((SELECT u.page FROM chunk_cursor u WHERE u.chunk_id = c.id), 1))
  FROM sync_chunks c
  JOIN sync_runs r ON r.id = c.run_id AND r.status IN ('queued', 'running')
  JOIN connections k ON k.id = c.connection_id AND k.status = 'active' AND k.deleted_at IS NULL
 WHERE c.status IN ('queued', 'running')
   AND NOT EXISTS (SELECT 1 FROM holds WHERE connection_id IS NULL)
   AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.connection_id = k.id)
   AND ($1::uuid[] IS NULL OR c.run_id = ANY ($1::uuid[]))
   AND ($2::uuid IS NULL
        OR (c.connection_id >= (SELECT a.connection_id FROM sync_chunks a WHERE a.id = $2::uuid)
            AND (c.connection_id, r.created_at, c.run_id, c.ordinal, c.id)
                > (SELECT a.connection_id, b.created_at, a.run_id, a.ordinal, a.id
                     FROM sync_chunks a JOIN sync_runs b ON b.id = a.run_id WHERE a.id = $2::uuid)))
 ORDER BY c.connection_id, r.created_at, c.run_id, c.ordinal, c.id
 LIMIT $3::int
