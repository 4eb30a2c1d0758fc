-- An older listing changes nothing that a later one has brought: nothing at all when that was whole, else no entity that
-- changed here since, unless the provider's own time says that this is a newer version: a long listing may have come to
-- it later. $1 chunk, $2 connection.
DELETE FROM chunk_entities s
 USING chunk_cursor u, entity_listings l
 WHERE s.chunk_id = $1::uuid AND u.chunk_id = $1::uuid AND l.connection_id = $2::uuid AND l.read_at >= u.opened_at
   AND (l.whole_at >= u.opened_at
        OR EXISTS (SELECT 1 FROM entities e
                    WHERE e.connection_id = $2::uuid AND e.external_id = s.external_id AND e.updated_at >= u.opened_at
                      AND NOT e.details ? 'stub' AND (s.external_updated_at > e.external_updated_at) IS NOT TRUE))
