-- oldest-program: 0.2.0
-- Open runs are found among all that are kept, in the order in which people wait for them.

CREATE INDEX sync_runs_under_way ON sync_runs (interactive DESC, created_at, id) WHERE status IN ('queued', 'running');
