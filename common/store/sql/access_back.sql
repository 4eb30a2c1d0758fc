-- $1 connection.
UPDATE connections SET status = 'active', status_reason = NULL, error_code = NULL
 WHERE id = $1::uuid AND status IN ('needs_reauth', 'no_access', 'disabled')
