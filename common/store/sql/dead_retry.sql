-- $1 a chunk, $2 all instead, $3 a connection: those given up for its access.
WITH done AS (
    UPDATE sync_chunks
       SET status = 'queued', attempts = 0, deliveries = 0, error_code = NULL, error = NULL, finished_at = NULL,
           retry_at = NULL, rung = 0, shrunk = false, page_limit = NULL, days_limit = NULL,
           report_id = NULL, report_at = NULL, report_ready = false, reports_made = 0
     WHERE status = 'dead'
       AND (id = $1::uuid OR $2::boolean
            OR (connection_id = $3::uuid AND error_code IN ('needs_reauth', 'no_access')))
    RETURNING 1)
SELECT count(*) FROM done
