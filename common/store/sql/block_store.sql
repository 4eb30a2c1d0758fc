-- A block is never shortened. $1 scope, $2 milliseconds from now.
INSERT INTO provider_blocks AS b (scope, blocked_until)
VALUES ($1, clock_timestamp() + $2::bigint * interval '1 millisecond')
ON CONFLICT (scope) DO UPDATE SET blocked_until = greatest(b.blocked_until, excluded.blocked_until)
