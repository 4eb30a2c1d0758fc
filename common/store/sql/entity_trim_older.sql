-- An older listing changes nothing that a later one has brought: nothing at all when that was whole, else no entity that
-- it left newer. $1 chunk, $2 connection.
DELETE FROM chunk_entities s
 USING chunk_cursor u, entity_listings l
 WHERE s.chunk_id = $1::uuid AND u.chunk_id = $1::uuid AND l.connection_id = $2::uuid AND l.read_at >= u.opened_at
   AND (l.whole_at >= u.opened_at
        OR EXISTS (SELECT 1 FROM entities e
                    WHERE e.connection_id = $2::uuid AND e.external_id = s.external_id AND NOT e.details ? 'stub'
                      AND (e.external_updated_at > s.external_updated_at
                           OR (e.updated_at >= u.opened_at
                               AND (s.external_updated_at > e.external_updated_at) IS NOT TRUE))))
