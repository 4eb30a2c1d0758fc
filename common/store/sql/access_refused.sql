-- What the provider says by now; a refused token is refused for all that share it. $1 connection, $2 status, $3 reason, $4
-- error code.
WITH k AS (
    UPDATE connections SET status = $2, status_reason = $3, error_code = $4
     WHERE id = $1::uuid AND status IN ('needs_reauth', 'no_access', 'disabled')
    RETURNING id, token_id, status, access_check_at, access_checks)
UPDATE connections x SET access_check_at = k.access_check_at, access_checks = greatest(x.access_checks, k.access_checks)
  FROM k
 WHERE k.status = 'needs_reauth' AND x.token_id = k.token_id AND x.id <> k.id AND x.status = 'needs_reauth'
   AND (x.access_check_at IS NULL OR x.access_check_at < k.access_check_at)
