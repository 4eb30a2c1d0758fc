-- What a chunk looks up, in order. $1 chunk.
SELECT e.level, e.external_id
  FROM chunk_cursor u
 CROSS JOIN LATERAL unnest(u.lookups) WITH ORDINALITY n (id, place)
  JOIN entities e ON e.id = n.id
 WHERE u.chunk_id = $1::uuid
 ORDER BY n.place
