-- $1 connections, $2 next times, $3 milliseconds that a due time may lie ahead: what lies further comes back.
UPDATE connections k SET next_sync_at = p.next_at
  FROM unnest($1::uuid[], $2::timestamptz[]) p (connection_id, next_at)
 WHERE k.id = p.connection_id AND (k.next_sync_at IS NULL OR k.next_sync_at < p.next_at
                                    OR k.next_sync_at > now() + $3::bigint * interval '1 millisecond')
