-- Staged rows without a cursor belong to nobody. $1 chunk.
DELETE FROM chunk_facts WHERE chunk_id = $1::uuid AND NOT EXISTS (SELECT 1 FROM chunk_cursor WHERE chunk_id = $1::uuid)
