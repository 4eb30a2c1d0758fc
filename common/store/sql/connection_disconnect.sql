-- The data stays; the token goes when nobody else uses it. $1 connection.
WITH was AS (
    SELECT id, token_id FROM connections WHERE id = $1::uuid AND deleted_at IS NULL),
forgotten AS (
    DELETE FROM tokens t USING was
     WHERE t.id = was.token_id
       AND NOT EXISTS (SELECT 1 FROM connections k WHERE k.token_id = t.id AND k.id <> was.id))
UPDATE connections k
   SET status = 'disabled', status_reason = 'disconnected', error_code = NULL, token_id = NULL, token_source = 'none'
  FROM was
 WHERE k.id = was.id
RETURNING k.id
