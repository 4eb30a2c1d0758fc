-- How a chunk is asked from now on. $1 chunk, $2 rung, $3 page limit, $4 days limit.
UPDATE sync_chunks SET rung = $2::smallint, page_limit = $3::int, days_limit = $4::int WHERE id = $1::uuid
