-- The check got no answer, which says nothing of the access: it does not count. $1 connection.
UPDATE connections SET access_checks = greatest(0, access_checks - 1), access_check_at = now() + access_pause(0)
 WHERE id = $1::uuid AND status IN ('needs_reauth', 'no_access', 'disabled')
