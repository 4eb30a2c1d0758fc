-- All pages are staged, and the account's totals are asked for again. $1 chunk, $2 epoch, $3 rows of the last page.
UPDATE chunk_cursor
   SET page = page + 1, epoch = $2::bigint, cursor = NULL, totals_at = now(), saved_at = now(),
       rows = rows + $3::bigint, calls = calls + 1
 WHERE chunk_id = $1::uuid
