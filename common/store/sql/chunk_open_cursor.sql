-- Throws away a place that cannot be used any more. $1 chunk.
DELETE FROM chunk_cursor u
 WHERE u.chunk_id = $1::uuid
   AND (NOT chunk_place_serves(u)
        OR EXISTS (SELECT 1 FROM sync_chunks c WHERE c.id = u.chunk_id AND c.status <> 'running'))
