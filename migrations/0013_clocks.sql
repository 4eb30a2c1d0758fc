-- oldest-program: 0.2.0
-- A listing of the future was stored by a clock that ran ahead and was set right since: what changed meanwhile is in none.

CREATE OR REPLACE FUNCTION entities_since(connection uuid, want_whole boolean) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT l.read_at - interval '15 minutes' FROM entity_listings l
     WHERE l.connection_id = connection AND NOT want_whole AND l.whole_at > now() - interval '6 days 12 hours'
       AND l.read_at <= now()
$$;
