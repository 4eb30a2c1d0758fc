-- Why a run did not succeed: its dead chunks, or its own words. $1 run.
SELECT json_build_object('code', c.error_code, 'message', c.error, 'date_from', c.date_from, 'date_to', c.date_to)
  FROM sync_chunks c
 WHERE c.run_id = $1::uuid AND c.status = 'dead'
UNION ALL
SELECT json_build_object('code', coalesce(r.error_code, r.status), 'message', coalesce(r.error, 'the run was ' || r.status),
                         'date_from', r.date_from, 'date_to', r.date_to)
  FROM sync_runs r
 WHERE r.id = $1::uuid AND r.status NOT IN ('succeeded', 'queued', 'running')
   AND NOT EXISTS (SELECT 1 FROM sync_chunks c WHERE c.run_id = r.id AND c.status = 'dead')
 LIMIT 100
