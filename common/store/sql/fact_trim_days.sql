-- Leaves only rows of the slice's own days that no later reading has written. $1 chunk, $2 connection, $3 granularity,
-- $4 from, $5 to.
DELETE FROM chunk_facts s
 WHERE s.chunk_id = $1::uuid
   AND NOT EXISTS (SELECT 1 FROM account_days d
                    WHERE d.connection_id = $2::uuid AND d.granularity = $3
                      AND d.event_date BETWEEN $4::date AND $5::date AND d.event_date = s.event_date
                      AND (d.read_at IS NULL
                           OR d.read_at < (SELECT opened_at FROM chunk_cursor WHERE chunk_id = $1::uuid)))
