-- $1 connection, $2 status, $3 reason, $4 error code.
UPDATE connections SET status = $2, status_reason = $3, error_code = $4 WHERE id = $1::uuid AND status = 'active'
