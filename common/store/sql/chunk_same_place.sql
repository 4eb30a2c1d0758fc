-- The same page is asked for again. $1 chunk, $2 epoch.
UPDATE chunk_cursor SET epoch = $2::bigint, calls = calls + 1 WHERE chunk_id = $1::uuid
