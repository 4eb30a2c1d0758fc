-- An older listing changes nothing. $1 chunk, $2 connection.
DELETE FROM chunk_entities
 WHERE chunk_id = $1::uuid
   AND EXISTS (SELECT 1 FROM entity_listings l JOIN chunk_cursor u ON u.chunk_id = $1::uuid
                WHERE l.connection_id = $2::uuid AND l.read_at >= u.opened_at)
