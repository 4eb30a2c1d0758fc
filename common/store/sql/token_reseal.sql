-- Unless it was replaced meanwhile. $1 token, $2 the text that was read, $3 and $4 the new ones or null.
UPDATE tokens
   SET access_token_enc = coalesce($3, access_token_enc), refresh_token_enc = coalesce($4, refresh_token_enc),
       updated_at = now()
 WHERE id = $1::uuid AND access_token_enc = $2
