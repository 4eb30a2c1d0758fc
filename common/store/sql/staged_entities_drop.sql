-- $1 chunk.
DELETE FROM chunk_entities WHERE chunk_id = $1::uuid
