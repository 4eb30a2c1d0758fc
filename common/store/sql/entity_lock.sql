-- One merge of a connection's entities at a time. A listing of the future was stored by a clock that ran ahead and was set
-- right since: it is no later one. $1 connection, $2 chunk.
WITH listing AS (SELECT read_at, whole_at FROM entity_listings WHERE connection_id = $1::uuid FOR UPDATE)
UPDATE entity_listings l
   SET read_at = least(l.read_at, u.opened_at - interval '1 microsecond'),
       whole_at = CASE WHEN l.whole_at IS NOT NULL THEN least(l.whole_at, u.opened_at - interval '1 microsecond') END
  FROM listing, chunk_cursor u
 WHERE u.chunk_id = $2::uuid AND l.connection_id = $1::uuid AND greatest(listing.read_at, listing.whole_at) > clock_timestamp()
