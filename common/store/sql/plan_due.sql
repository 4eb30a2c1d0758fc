-- By the database's clock, whichever machine asks; due times further ahead than they can lie are given out too.
-- $1 how many, $2 milliseconds that a due time may lie ahead.
SELECT k.id, k.timezone, coalesce((extract(epoch FROM k.next_sync_at) * 1000)::bigint, 0),
       k.settings ->> 'nightly_at', k.settings ->> 'intraday_minutes',
       coalesce(k.settings ->> 'hourly' = 'true', false), (extract(epoch FROM now()) * 1000)::bigint
  FROM connections k
 WHERE k.status = 'active' AND k.deleted_at IS NULL AND k.token_source <> 'none'
   AND (k.next_sync_at IS NULL OR k.next_sync_at <= now()
        OR k.next_sync_at > now() + $2::bigint * interval '1 millisecond')
 ORDER BY k.next_sync_at NULLS FIRST
 LIMIT $1::int
