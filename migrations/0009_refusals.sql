-- oldest-program: 0.2.0
-- What refusals of the provider teach of a scope: how long to wait when nobody says it, and how many calls it allows.

-- The last wait whose length nobody had said.
ALTER TABLE provider_blocks ADD COLUMN backoff_ms bigint NOT NULL DEFAULT 0;
-- Calls of a window that came through before too many were refused; null: none was. learned_at: when that was.
ALTER TABLE provider_blocks ADD COLUMN allowed bigint;
ALTER TABLE provider_blocks ADD COLUMN learned_at timestamptz;

-- Calls per window that are within it now: nine tenths, since the provider counts otherwise than we do. Each day doubles it,
-- ten forget it. Others may have made the calls that were too many: never fewer than a few.
CREATE FUNCTION calls_allowed(b provider_blocks) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT greatest(20, b.allowed * 9 / 10) << a.days
      FROM (SELECT floor(extract(epoch FROM now() - b.learned_at) / 86400)::int AS days) a
     WHERE b.allowed IS NOT NULL AND a.days < 10
$$;
