-- Numbers of a report are as old as that. $1 chunk.
INSERT INTO chunk_cursor AS u (chunk_id, epoch, opened_at, saved_at)
SELECT c.id, 0, coalesce(c.report_at, now()), now() FROM sync_chunks c WHERE c.id = $1::uuid AND c.status = 'running'
ON CONFLICT (chunk_id) DO UPDATE SET opened_at = excluded.opened_at, saved_at = now() WHERE u.page = 1
