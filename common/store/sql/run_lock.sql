-- Runs whose chunks were closed, after chunks and days and before the connection; in order. $1 a connection (all its open
-- runs), $2 runs, $3 a chunk (its run, if the chunk is dead); two of them null.
SELECT 1 FROM sync_runs r
 WHERE r.id IN (SELECT unnest($2::uuid[])
                 UNION
                SELECT id FROM sync_runs WHERE connection_id = $1::uuid AND status IN ('queued', 'running')
                 UNION
                SELECT d.run_id FROM dead_letters($3::uuid, false, NULL) d)
 ORDER BY r.id FOR UPDATE
