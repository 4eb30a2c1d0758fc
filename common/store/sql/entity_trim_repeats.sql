-- Of an entity that came on several pages the last one counts. $1 chunk.
DELETE FROM chunk_entities s USING chunk_entities newer
 WHERE s.chunk_id = $1::uuid AND newer.chunk_id = $1::uuid AND s.external_id = newer.external_id
   AND (s.page, s.ordinal) < (newer.page, newer.ordinal)
