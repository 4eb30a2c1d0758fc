-- $1 a chunk, $2 all instead, $3 a connection: those given up for its access, and runs cut off in their planning.
SELECT 1 FROM sync_runs
 WHERE id IN (SELECT d.run_id FROM dead_letters($1::uuid, $2::boolean, $3::uuid) d
               UNION
              SELECT id FROM sync_runs WHERE connection_id = $3::uuid AND planned_before IS NOT NULL)
 ORDER BY id FOR UPDATE
