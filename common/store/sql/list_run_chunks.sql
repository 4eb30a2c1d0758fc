-- $1 run.
SELECT c.id, c.run_id, c.connection_id, c.kind, c.date_from, c.date_to, c.status, c.attempts, c.deliveries,
       c.rows, c.calls, c.error_code, c.error, c.created_at, c.started_at, c.finished_at
  FROM sync_chunks c
 WHERE c.run_id = $1::uuid
 ORDER BY c.ordinal, c.id
