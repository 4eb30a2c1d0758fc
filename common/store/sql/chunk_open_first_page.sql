-- $1 chunk.
INSERT INTO chunk_cursor AS u (chunk_id, epoch, opened_at, saved_at)
SELECT c.id, 0, now(), now() FROM sync_chunks c WHERE c.id = $1::uuid AND c.status = 'running'
ON CONFLICT (chunk_id) DO UPDATE SET opened_at = now(), saved_at = now() WHERE u.page = 1
