-- It is of no use any more. $1 chunk.
UPDATE sync_chunks SET report_id = NULL, report_at = NULL, report_ready = false WHERE id = $1::uuid
