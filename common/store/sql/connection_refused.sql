-- It is asked for again later, the later the more often that was in vain since its last sync.
-- $1 connection, $2 status, $3 reason, $4 error code.
UPDATE connections
   SET status = $2, status_reason = $3, error_code = $4, access_check_at = now() + access_pause(access_checks)
 WHERE id = $1::uuid AND status = 'active'
