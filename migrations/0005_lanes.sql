-- oldest-program: 0.2.0
-- Whose turn it is: who waits goes before the nightly work, the nightly work before backfills.

-- The queue's lane of a chunk. The newest weeks of a long sync that somebody waits for come at once; then it makes way.
CREATE FUNCTION chunk_lane(interactive boolean, trigger text, ordinal int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN interactive AND ordinal <= 16 THEN 'high'
                WHEN trigger IN ('nightly', 'intraday') THEN 'normal'
                ELSE 'low' END
$$;
