-- oldest-program: 0.2.0
-- Slices that are begun are finished.

ALTER TABLE sync_chunks ADD COLUMN pages bigint NOT NULL DEFAULT 1; -- calls that it is expected to take

-- May a chunk go on at this place? A cursor of the provider serves for 15 minutes, one behind more pages than a budget may
-- allow in that time for two hours (the provider says so when it is too old); a place without one for a day.
CREATE OR REPLACE FUNCTION chunk_place_serves(place chunk_cursor) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN place.totals_at IS NOT NULL OR place.lookups IS NOT NULL
                THEN place.saved_at >= now() - interval '1 day'
                WHEN place.page = 1 THEN place.reread
                WHEN place.page > 50 THEN place.saved_at >= now() - interval '2 hours'
                ELSE place.saved_at >= now() - interval '15 minutes' END
$$;
