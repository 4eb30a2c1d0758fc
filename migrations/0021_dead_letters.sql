-- oldest-program: 0.2.0
-- Dead letters by whom they are of: who came back, or lost another, read through those of all.

DROP INDEX sync_chunks_dead;
CREATE INDEX sync_chunks_dead ON sync_chunks (connection_id, finished_at) WHERE status = 'dead';

-- One by its id, or all, or those of a connection that were given up for its access. By the id alone (OFFSET): for its status PostgreSQL
-- would read through the index of all dead ones, which it believes to be few.
CREATE FUNCTION dead_letters(letter uuid, every boolean, of_connection uuid) RETURNS TABLE (id uuid, run_id uuid) LANGUAGE sql STABLE AS $$
    SELECT c.id, c.run_id FROM (SELECT * FROM sync_chunks s WHERE s.id = letter OFFSET 0) c WHERE c.status = 'dead'
     UNION ALL
    SELECT c.id, c.run_id FROM sync_chunks c WHERE every AND c.status = 'dead'
     UNION ALL
    SELECT c.id, c.run_id FROM sync_chunks c
     WHERE c.connection_id = of_connection AND c.status = 'dead' AND c.error_code IN ('needs_reauth', 'no_access')
$$;
