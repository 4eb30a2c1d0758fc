-- What a whole listing no longer has, and what was looked up in vain; not what became known while it was read, nor, where
-- a later listing was stored, what changed since, and nothing where that was whole. Stubs wait until they were looked up.
-- $1 chunk, $2 connection.
WITH done AS (
    UPDATE entities e
       SET vanished_at = now(), updated_at = now()
      FROM chunk_cursor u
      JOIN sync_chunks c ON c.id = u.chunk_id
      JOIN entity_listings l ON l.connection_id = $2::uuid
     WHERE u.chunk_id = $1::uuid
       AND e.connection_id = $2::uuid AND e.vanished_at IS NULL AND e.created_at < u.opened_at
       AND (e.id = ANY (u.lookups) OR (c.since IS NULL AND NOT e.details ? 'stub'))
       AND (l.read_at IS NULL OR l.read_at < u.opened_at
            OR ((l.whole_at IS NULL OR l.whole_at < u.opened_at) AND e.updated_at < u.opened_at))
       AND NOT EXISTS (SELECT 1 FROM chunk_entities s WHERE s.chunk_id = $1::uuid AND s.external_id = e.external_id)
    RETURNING 1)
UPDATE chunk_cursor SET removed = (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
