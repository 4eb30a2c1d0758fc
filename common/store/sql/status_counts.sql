-- How much there is of what is listed up to a limit: open runs, connected accounts.
SELECT (SELECT count(*) FROM sync_runs WHERE finished_at IS NULL AND status IN ('queued', 'running')),
       (SELECT count(DISTINCT (provider, external_account_id)) FROM connections WHERE deleted_at IS NULL)
