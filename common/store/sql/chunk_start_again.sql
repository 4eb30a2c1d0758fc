-- All that was staged is thrown away. $1 chunk, $2 epoch.
UPDATE chunk_cursor
   SET page = 1, epoch = $2::bigint, cursor = NULL, opened_at = now(), saved_at = now(), rows = 0, calls = calls + 1
 WHERE chunk_id = $1::uuid
