-- Who was refused with the token before is asked for at once. $1 token.
UPDATE connections SET access_check_at = NULL, access_checks = 0
 WHERE token_id = $1::uuid AND status IN ('needs_reauth', 'no_access')
