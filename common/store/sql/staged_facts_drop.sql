-- $1 chunk.
DELETE FROM chunk_facts WHERE chunk_id = $1::uuid
