-- $1 how many.
SELECT k.id, k.timezone, coalesce((extract(epoch FROM k.next_sync_at) * 1000)::bigint, 0),
       k.settings ->> 'nightly_at', k.settings ->> 'intraday_minutes'
  FROM connections k
 WHERE k.status = 'active' AND k.deleted_at IS NULL AND k.token_source <> 'none'
   AND (k.next_sync_at IS NULL OR k.next_sync_at <= now())
 ORDER BY k.next_sync_at NULLS FIRST
 LIMIT $1::int
