-- A whole listing is none for one that was stored meanwhile and wants another. After one that lacks details the next is
-- whole: what changed meanwhile is told again once they can be had. $1 chunk, $2 connection, $3 run.
UPDATE entity_listings l
   SET read_at = greatest(l.read_at, u.opened_at),
       whole_at = CASE WHEN EXISTS (SELECT 1 FROM chunk_entities s WHERE s.chunk_id = $1::uuid AND s.details IS NULL)
                       THEN NULL
                       WHEN c.since IS NULL AND (l.whole_at IS NOT NULL OR l.read_at IS NULL OR l.read_at < u.opened_at)
                       THEN greatest(l.whole_at, u.opened_at) ELSE l.whole_at END,
       run_id = CASE WHEN l.read_at >= u.opened_at THEN l.run_id ELSE $3::uuid END
  FROM chunk_cursor u
  JOIN sync_chunks c ON c.id = u.chunk_id
 WHERE u.chunk_id = $1::uuid AND l.connection_id = $2::uuid
