-- What the merge found out before it changed anything. $1 chunk.
WITH days AS (DELETE FROM chunk_days WHERE chunk_id = $1::uuid)
DELETE FROM chunk_gone WHERE chunk_id = $1::uuid
