-- A report is not ready yet. $1 chunk, $2 percent.
UPDATE sync_chunks
   SET report_polls = report_polls + 1, report_percent = $2::smallint, report_ready = false,
       report_moved_at = CASE WHEN $2::smallint > report_percent THEN now() ELSE report_moved_at END
 WHERE id = $1::uuid
