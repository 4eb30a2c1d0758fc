-- What a complete listing no longer has, unless a later one was stored or the entity became known while this one was
-- read. $1 chunk, $2 connection.
WITH done AS (
    UPDATE entities e
       SET vanished_at = now(), updated_at = now()
      FROM chunk_cursor u
      JOIN entity_listings l ON l.connection_id = $2::uuid AND (l.read_at IS NULL OR l.read_at < u.opened_at)
     WHERE u.chunk_id = $1::uuid
       AND e.connection_id = $2::uuid AND e.vanished_at IS NULL AND e.created_at < u.opened_at
       AND NOT EXISTS (SELECT 1 FROM chunk_entities s WHERE s.chunk_id = $1::uuid AND s.external_id = e.external_id)
    RETURNING 1)
UPDATE chunk_cursor SET removed = (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
