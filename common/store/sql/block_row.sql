-- Where block_store writes. $1 scope.
INSERT INTO provider_blocks (scope, blocked_until) VALUES ($1, 'epoch') ON CONFLICT (scope) DO NOTHING
