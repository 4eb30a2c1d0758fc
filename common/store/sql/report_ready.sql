-- $1 chunk.
UPDATE sync_chunks SET report_ready = true WHERE id = $1::uuid
