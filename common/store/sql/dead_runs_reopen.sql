-- A run that had ended runs again, for its dead letters only: it does not stand in the way of an equal request.
-- $1 a chunk, $2 all instead, $3 a connection: those given up for its access.
UPDATE sync_runs r
   SET status = 'running', finished_at = NULL, error_code = NULL, error = NULL,
       reopened = r.reopened OR r.status NOT IN ('queued', 'running'),
       chunks_dead = r.chunks_dead - n.dead
  FROM (SELECT d.run_id, count(*) AS dead FROM dead_letters($1::uuid, $2::boolean, $3::uuid) d GROUP BY d.run_id) n
 WHERE r.id = n.run_id
