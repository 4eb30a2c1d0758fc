-- A campaign or ad set that starts or stops changes the status of all below it, and the provider need not call that an
-- update of theirs: after a listing of changes the next one is whole. Before the entities are updated. $1 chunk,
-- $2 connection.
UPDATE entity_listings SET whole_at = NULL
 WHERE connection_id = $2::uuid
   AND EXISTS (SELECT 1 FROM sync_chunks c
                 JOIN chunk_entities s ON s.chunk_id = c.id AND s.level <> 'ad'
                 JOIN entities e ON e.connection_id = $2::uuid AND e.external_id = s.external_id
                WHERE c.id = $1::uuid AND c.since IS NOT NULL AND e.status <> s.status)
