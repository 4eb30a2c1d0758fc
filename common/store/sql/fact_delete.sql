-- Synced rows that the provider no longer reports, in the days that this slice may write. Days that fact_judge found to
-- contain them still keep them.
-- $1 chunk, $2 connection, $3 granularity, $4 from, $5 to.
WITH done AS (
    DELETE FROM metric_facts f
     USING account_days d
     WHERE f.connection_id = $2::uuid AND f.event_date BETWEEN $4::date AND $5::date
       AND f.source = 'sync' AND f.level = 'ad'
       AND d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date BETWEEN $4::date AND $5::date
       AND d.event_date = f.event_date
       AND NOT (d.state = 'verified' AND d.cause IS NOT DISTINCT FROM 'deleted')
       AND (d.read_at IS NULL OR d.read_at < (SELECT opened_at FROM chunk_cursor WHERE chunk_id = $1::uuid))
       AND NOT EXISTS (SELECT 1 FROM chunk_facts s
                         JOIN entities e ON e.connection_id = $2::uuid AND e.external_id = s.ad_id
                        WHERE s.chunk_id = $1::uuid
                          --hour AND s.event_hour = f.event_hour
                          AND e.id = f.entity_id AND s.event_date = f.event_date)
    RETURNING 1)
UPDATE chunk_cursor SET removed = (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
