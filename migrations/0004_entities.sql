-- oldest-program: 0.2.0
-- Entities are listed incrementally between whole listings, and stubs are looked up.

-- Stubs (entities) that this chunk asks for one by one behind its listing, in order, and the page of the first; null: it
-- still lists.
ALTER TABLE chunk_cursor ADD COLUMN lookups uuid[];
ALTER TABLE chunk_cursor ADD COLUMN lookups_page int;

-- What only insights know.
CREATE INDEX entities_stubs ON entities (connection_id) WHERE details ? 'stub' AND vanished_at IS NULL;

-- May a chunk go on at this place? A cursor of the provider serves for 15 minutes, a place without one for a day.
CREATE OR REPLACE FUNCTION chunk_place_serves(place chunk_cursor) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN place.totals_at IS NOT NULL OR place.lookups IS NOT NULL
                THEN place.saved_at >= now() - interval '1 day'
                WHEN place.page = 1 THEN place.reread
                ELSE place.saved_at >= now() - interval '15 minutes' END
$$;

-- From when on a listing of entities asks for changes; null: for all there are. Whole at first, every seventh night
-- (whenever in it), and when it is wanted; 15 minutes are for clocks that differ and for changes that the provider shows
-- late.
CREATE FUNCTION entities_since(connection uuid, want_whole boolean) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT l.read_at - interval '15 minutes' FROM entity_listings l
     WHERE l.connection_id = connection AND NOT want_whole AND l.whole_at > now() - interval '6 days 12 hours'
$$;

-- MX005: every stub of the connection came with the listing.
CREATE FUNCTION some_lookups(ids uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(ids) = 0 THEN
        RAISE EXCEPTION 'there is nothing to look up' USING ERRCODE = 'MX005';
    END IF;
    RETURN ids;
END $$;
