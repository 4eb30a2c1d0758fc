-- oldest-program: 0.2.0
-- What a limit has grown to is reckoned from the row itself: who waits for another to store it would not find it with limits_now.

CREATE FUNCTION limits_grown(since timestamptz) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT (2 ^ least(extract(epoch FROM now() - since)::bigint / 86400, 10))::int
$$;

CREATE OR REPLACE FUNCTION limits_now(connection uuid, of_what text)
RETURNS TABLE (page_limit int, days_limit int, rung smallint) LANGUAGE sql STABLE AS $$
    SELECT l.page_limit * limits_grown(l.learned_at), l.days_limit * limits_grown(l.learned_at),
           CASE WHEN limits_grown(l.learned_at) = 1 THEN l.rung ELSE 0::smallint END
      FROM connection_limits l
     WHERE l.connection_id = connection AND l.what = of_what
$$;
