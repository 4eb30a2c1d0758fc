-- $1 the last one of the batch before or null, $2 how many.
SELECT id, access_token_enc, refresh_token_enc FROM tokens
 WHERE $1::uuid IS NULL OR id > $1::uuid
 ORDER BY id LIMIT $2::int
