-- The provider refuses it: so it does to its connections. $1 token, $2 the text that was asked about, $3 error code, $4 reason.
WITH refused AS (
    UPDATE tokens SET next_check_at = now() + interval '1 day' WHERE id = $1::uuid AND access_token_enc = $2 RETURNING id),
lost AS (
    UPDATE connections k SET status = 'needs_reauth', error_code = $3, status_reason = $4
      FROM refused
     WHERE k.token_id = refused.id AND k.status = 'active' AND k.deleted_at IS NULL)
SELECT id FROM refused
