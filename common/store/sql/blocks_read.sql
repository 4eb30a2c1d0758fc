-- $1 scopes. Ages, not instants: Redis has a clock of its own.
SELECT b.scope, (extract(epoch FROM b.blocked_until - clock_timestamp()) * 1000)::bigint
  FROM provider_blocks b
 WHERE b.scope = ANY($1::text[]) AND b.blocked_until > clock_timestamp()
