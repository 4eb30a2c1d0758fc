-- Why a run did not succeed: its dead chunks, or its own words. $1 run.
SELECT row_to_json(a)
  FROM (SELECT c.error_code AS code, c.error AS message, c.date_from, c.date_to
          FROM sync_chunks c
         WHERE c.run_id = $1::uuid AND c.status = 'dead'
        UNION ALL
        SELECT coalesce(r.error_code, r.status), coalesce(r.error, 'the run was ' || r.status), r.date_from, r.date_to
          FROM sync_runs r
         WHERE r.id = $1::uuid AND r.status NOT IN ('succeeded', 'queued', 'running')
           AND NOT EXISTS (SELECT 1 FROM sync_chunks c WHERE c.run_id = r.id AND c.status = 'dead')
         LIMIT 100) a
