-- $1 scopes. Ages, not instants: Redis has a clock of its own. => scope, milliseconds that it is still blocked, calls that it
-- allows in a window (null: not known)
SELECT b.scope, greatest(0, ceil(extract(epoch FROM b.blocked_until - clock_timestamp()) * 1000))::bigint, calls_allowed(b)
  FROM provider_blocks b
 WHERE b.scope = ANY($1::text[])
