-- $1 chunk.
DELETE FROM chunk_cursor WHERE chunk_id = $1::uuid
