-- $1 chunk, $2 epoch, $3 cursor of the next page, $4 rows of this one.
UPDATE chunk_cursor
   SET page = page + 1, epoch = $2::bigint, cursor = $3, saved_at = now(), rows = rows + $4::bigint, calls = calls + 1
 WHERE chunk_id = $1::uuid
