-- A campaign or ad set that starts or stops changes the status of all below it, and the provider need not call that an
-- update of theirs: the next listing is whole, unless this one is. Before the entities are updated. $1 chunk,
-- $2 connection.
UPDATE entity_listings SET whole_at = NULL
 WHERE connection_id = $2::uuid
   AND EXISTS (SELECT 1 FROM chunk_entities s
                 JOIN entities e ON e.connection_id = $2::uuid AND e.external_id = s.external_id
                WHERE s.chunk_id = $1::uuid AND s.level <> 'ad' AND e.status <> s.status)
