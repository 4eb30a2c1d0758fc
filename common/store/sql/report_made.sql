-- A report was asked for. $1 chunk, $2 its id.
UPDATE sync_chunks c
   SET report_id = $2, reports_made = c.reports_made + 1, report_polls = 0, report_percent = 0, report_at = u.opened_at,
       report_moved_at = now(), report_ready = false
  FROM chunk_cursor u
 WHERE c.id = $1::uuid AND u.chunk_id = c.id
