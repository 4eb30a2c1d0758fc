-- Dead is said as nothing else: for the word PostgreSQL would read through the index of all dead ones.
-- $1 a chunk, $2 all instead, $3 a connection: those given up for its access.
WITH done AS (
    UPDATE sync_chunks
       SET status = 'queued', attempts = 0, deliveries = 0, error_code = NULL, error = NULL, finished_at = NULL,
           retry_at = NULL, rung = 0, shrunk = false, page_limit = NULL, days_limit = NULL,
           report_id = NULL, report_at = NULL, report_ready = false, reports_made = 0
     WHERE id IN (SELECT d.id FROM dead_letters($1::uuid, $2::boolean, $3::uuid) d)
       AND status NOT IN ('queued', 'running', 'done', 'cancelled')
    RETURNING 1)
SELECT count(*) FROM done
