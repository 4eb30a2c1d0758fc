-- $1 scopes. Ages, not instants: Redis has a clock of its own. => scope, milliseconds that it is still blocked, calls that it
-- allows in a window (null: not known)
SELECT b.scope, blocked_ms(b.scope), calls_allowed(b) FROM provider_blocks b WHERE b.scope = ANY($1::text[])
