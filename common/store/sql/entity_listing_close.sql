-- $1 chunk, $2 connection, $3 run.
UPDATE entity_listings l SET read_at = u.opened_at, run_id = $3::uuid
  FROM chunk_cursor u
 WHERE u.chunk_id = $1::uuid AND l.connection_id = $2::uuid AND (l.read_at IS NULL OR l.read_at < u.opened_at)
