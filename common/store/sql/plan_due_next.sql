-- $1 connections, $2 next times.
UPDATE connections k SET next_sync_at = p.next_at
  FROM unnest($1::uuid[], $2::timestamptz[]) p (connection_id, next_at)
 WHERE k.id = p.connection_id AND (k.next_sync_at IS NULL OR k.next_sync_at < p.next_at)
