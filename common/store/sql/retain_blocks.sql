DELETE FROM provider_blocks WHERE blocked_until < now()
