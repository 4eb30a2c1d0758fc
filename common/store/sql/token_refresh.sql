-- $1 token, $2 the text that it replaces: another one meanwhile stays, $3 Fernet text, $4 when it ends or null.
UPDATE tokens
   SET access_token_enc = $3, expires_at = $4::timestamptz, next_check_at = now() + interval '1 day', updated_at = now()
 WHERE id = $1::uuid AND access_token_enc = $2
RETURNING id
