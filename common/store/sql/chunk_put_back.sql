-- A start that ends orderly is no silent one: its delivery is taken back. $1 chunk, $2 new status, $3 throw the place
-- away, $4 failures to count, $5 calls not yet counted, $6 milliseconds to wait, $7 error code, $8 error (null: as they are).
UPDATE sync_chunks c
   SET status = $2, attempts = c.attempts + $4::int, deliveries = greatest(0, c.deliveries - 1),
       calls = c.calls + $5::bigint
             + CASE WHEN $3::boolean
                    THEN coalesce((SELECT u.calls FROM chunk_cursor u WHERE u.chunk_id = c.id), 0) ELSE 0 END,
       finished_at = CASE WHEN $2 = 'dead' THEN now() END,
       retry_at = CASE WHEN $6::bigint > 0 AND $2 = 'queued' THEN now() + $6::bigint * interval '1 millisecond' END,
       error_code = coalesce($7, c.error_code), error = CASE WHEN $7::text IS NULL THEN c.error ELSE $8 END
 WHERE c.id = $1::uuid
