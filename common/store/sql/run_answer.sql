-- The run that answers a request. $1 id, $2 connection, $3 kind, $4 granularity, $5 from, $6 to, $7 trigger, $8 due at.
SELECT id FROM (
       SELECT 1 AS place, id FROM sync_runs WHERE id = $1::uuid
        UNION ALL
       SELECT 2, id FROM sync_runs
        WHERE connection_id = $2::uuid AND kind = $3 AND granularity = $4
          AND asked_from IS NOT DISTINCT FROM $5::date AND asked_to IS NOT DISTINCT FROM $6::date
          AND status IN ('queued', 'running') AND NOT reopened
        UNION ALL
       SELECT 3, id FROM sync_runs WHERE connection_id = $2::uuid AND trigger = $7 AND due_at = $8::timestamptz
                                         AND granularity = $4) r
 ORDER BY place LIMIT 1
