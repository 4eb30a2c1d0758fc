-- $1 chunk.
UPDATE sync_runs r SET status = 'running', started_at = coalesce(r.started_at, now())
  FROM sync_chunks c
 WHERE c.id = $1::uuid AND r.id = c.run_id AND r.status = 'queued'
