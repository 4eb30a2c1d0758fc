-- $1 token, $2 the text that was asked about, $3 when it ends or null, $4 its scopes.
UPDATE tokens SET expires_at = $3::timestamptz, scopes = $4::text[], next_check_at = now() + interval '1 day'
 WHERE id = $1::uuid AND access_token_enc = $2
RETURNING id
