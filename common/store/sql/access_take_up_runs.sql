-- Runs that were cut off when their connection was refused go on being planned where they were; an equal request joins one.
-- Locked before. $1 connection.
UPDATE sync_runs r
   SET planned = r.planned_before, planned_before = NULL, finished_at = NULL, error_code = NULL, error = NULL,
       status = CASE WHEN r.planned_before = 'nothing' THEN 'queued' ELSE 'running' END,
       reopened = n.place > 1
                  OR EXISTS (SELECT 1 FROM sync_runs o
                              WHERE o.connection_id = r.connection_id AND o.id <> r.id AND o.kind = r.kind
                                AND o.granularity = r.granularity AND o.asked_from IS NOT DISTINCT FROM r.asked_from
                                AND o.asked_to IS NOT DISTINCT FROM r.asked_to
                                AND o.status IN ('queued', 'running') AND NOT o.reopened)
  FROM (SELECT id, row_number() OVER (PARTITION BY kind, granularity, asked_from, asked_to ORDER BY created_at DESC) AS place
          FROM sync_runs WHERE connection_id = $1::uuid AND planned_before IS NOT NULL
           AND status IN ('failed', 'partial', 'queued', 'running')) n
 WHERE r.id = n.id
