-- How a chunk is asked from now on; what was made for another rung is of no use. $1 chunk, $2 rung, $3 page limit, $4 days
-- limit.
UPDATE sync_chunks
   SET rung = $2::smallint, page_limit = $3::int, days_limit = $4::int, shrunk = true,
       report_id = CASE WHEN rung = $2::smallint THEN report_id END,
       report_at = CASE WHEN rung = $2::smallint THEN report_at END,
       report_ready = report_ready AND rung = $2::smallint
 WHERE id = $1::uuid
