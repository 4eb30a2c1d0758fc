-- All, the latest first.
SELECT c.id, c.run_id, c.connection_id, c.kind, c.date_from, c.date_to, c.status, c.attempts, c.deliveries,
       c.rows, c.calls, c.error_code, c.error, c.created_at, c.started_at, c.finished_at
  FROM sync_chunks c
 WHERE c.status = 'dead'
 ORDER BY c.finished_at DESC, c.id
