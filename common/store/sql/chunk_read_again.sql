-- The slice is read once more. $1 chunk, $2 epoch.
UPDATE chunk_cursor
   SET page = 1, epoch = $2::bigint, cursor = NULL, campaigns = NULL, totals_at = NULL, reread = true, opened_at = now(), saved_at = now(),
       rows = 0, calls = calls + 1
 WHERE chunk_id = $1::uuid
