-- Chunks go with their runs. $1 days, $2 how many.
DELETE FROM sync_runs
 WHERE id IN (SELECT id FROM sync_runs WHERE finished_at < now() - $1::int * interval '1 day' LIMIT $2::int)
