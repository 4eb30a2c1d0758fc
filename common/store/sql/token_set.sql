-- Its connections that the provider refused are due again. $1 token, $2 Fernet text, $3 when it ends or null, $4 its scopes, null: the
-- provider was not asked yet.
WITH fresh AS (
    UPDATE tokens
       SET access_token_enc = $2, refresh_token_enc = NULL, expires_at = $3::timestamptz, scopes = $4::text[],
           next_check_at = CASE WHEN $4::text[] IS NULL THEN now() ELSE now() + interval '1 day' END, updated_at = now()
     WHERE id = $1::uuid
    RETURNING id),
back AS (
    UPDATE connections k
       SET status = 'active', status_reason = NULL, error_code = NULL, next_sync_at = now()
      FROM fresh
     WHERE k.token_id = fresh.id AND k.status = 'needs_reauth' AND k.deleted_at IS NULL)
SELECT id FROM fresh
