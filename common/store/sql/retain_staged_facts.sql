DELETE FROM chunk_facts WHERE chunk_id IN
       (SELECT chunk_id FROM chunk_facts EXCEPT SELECT id FROM sync_chunks WHERE status IN ('queued', 'running'))
