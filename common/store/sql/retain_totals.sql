-- Of runs that ended by other hands than a worker's, or are gone.
DELETE FROM run_totals t
 WHERE NOT EXISTS (SELECT 1 FROM sync_runs r WHERE r.id = t.run_id AND r.status IN ('queued', 'running'))
