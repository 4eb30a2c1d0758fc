-- Rows that the slice lacks and that do not stay. $1 chunk, $2 connection, $3 from, $4 to.
WITH done AS (
    DELETE FROM metric_facts f
     USING chunk_gone g
     WHERE g.chunk_id = $1::uuid AND NOT g.stays
       AND f.connection_id = $2::uuid AND f.event_date BETWEEN $3::date AND $4::date AND f.source = 'sync'
       --hour AND f.event_hour = g.event_hour
       AND f.entity_id = g.entity_id AND f.event_date = g.event_date
    RETURNING 1)
UPDATE chunk_cursor SET removed = (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
