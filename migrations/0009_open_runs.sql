-- oldest-program: 0.2.0
-- Open runs are found among all that are kept, in the order in which people wait for them.

-- Of a condition that only those name who want all of them: of `status IN (…)` the planner, whose statistics are of a quiet
-- hour, would read the whole index to find one run by its id.
CREATE INDEX sync_runs_under_way ON sync_runs (interactive DESC, created_at, id) WHERE finished_at IS NULL;
