-- Throws away a place that cannot be used any more. $1 chunk.
DELETE FROM chunk_cursor u
 WHERE u.chunk_id = $1::uuid
   AND (u.page = 1 OR u.saved_at < now() - interval '15 minutes'
        OR EXISTS (SELECT 1 FROM sync_chunks c WHERE c.id = u.chunk_id AND c.status <> 'running'))
