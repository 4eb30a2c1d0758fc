-- Places of chunks that are closed or gone.
DELETE FROM chunk_cursor u
 WHERE NOT EXISTS (SELECT 1 FROM sync_chunks c WHERE c.id = u.chunk_id AND c.status IN ('queued', 'running'))
