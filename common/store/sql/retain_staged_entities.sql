DELETE FROM chunk_entities WHERE chunk_id IN
       (SELECT chunk_id FROM chunk_entities EXCEPT SELECT id FROM sync_chunks WHERE status IN ('queued', 'running'))
