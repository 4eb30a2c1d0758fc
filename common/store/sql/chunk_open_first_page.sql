-- Numbers of a report are as old as that. The chunk by its id alone (OFFSET): for its status PostgreSQL would read through the index of
-- all open ones. $1 chunk.
INSERT INTO chunk_cursor AS u (chunk_id, epoch, opened_at, saved_at)
SELECT c.id, 0, coalesce(c.report_at, now()), now()
  FROM (SELECT id, report_at, status FROM sync_chunks WHERE id = $1::uuid OFFSET 0) c
 WHERE c.status = 'running'
ON CONFLICT (chunk_id) DO UPDATE SET opened_at = excluded.opened_at, saved_at = now() WHERE u.page = 1
