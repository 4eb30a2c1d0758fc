-- All that was staged is thrown away. Numbers of a report are as old as that. $1 chunk, $2 epoch.
UPDATE chunk_cursor u
   SET page = 1, epoch = $2::bigint, cursor = NULL, campaigns = NULL, opened_at = coalesce(c.report_at, now()), saved_at = now(), rows = 0,
       calls = u.calls + 1
  FROM sync_chunks c
 WHERE u.chunk_id = $1::uuid AND c.id = u.chunk_id
