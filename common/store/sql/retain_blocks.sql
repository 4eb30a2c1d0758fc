-- What they teach is remembered for longer than they last.
DELETE FROM provider_blocks b
 WHERE b.blocked_until < now() - interval '2 hours' AND (b.learned_at IS NULL OR b.learned_at < now() - interval '10 days')
