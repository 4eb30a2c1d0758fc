-- oldest-program: 0.2.0
-- What refusals of the provider teach of a scope: how long to wait when nobody says it, and how many calls it allows.

-- The last wait whose length nobody had said.
ALTER TABLE provider_blocks ADD COLUMN backoff_ms bigint NOT NULL DEFAULT 0;
-- Calls of a window that came through before too many were refused; null: none was. learned_at: when that was.
ALTER TABLE provider_blocks ADD COLUMN allowed bigint;
ALTER TABLE provider_blocks ADD COLUMN learned_at timestamptz;

-- How much longer a scope is blocked.
CREATE FUNCTION blocked_ms(of_scope text) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(max(greatest(0, ceil(extract(epoch FROM b.blocked_until - clock_timestamp()) * 1000))), 0)::bigint
      FROM provider_blocks b WHERE b.scope = of_scope
$$;

-- Calls per window that are within it now: nine tenths, since the provider counts otherwise than we do. Each day doubles it,
-- ten forget it. Others may have made the calls that were too many: never fewer than a slice needs to be finished.
CREATE FUNCTION calls_allowed(b provider_blocks) RETURNS bigint LANGUAGE sql AS $$
    SELECT greatest(40, b.allowed * 9 / 10) << a.days
      FROM (SELECT floor(greatest(0, extract(epoch FROM clock_timestamp() - b.learned_at)) / 86400)::int AS days) a
     WHERE b.allowed IS NOT NULL AND a.days < 10
$$;
