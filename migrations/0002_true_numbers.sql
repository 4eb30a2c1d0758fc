-- oldest-program: 0.2.0
-- Each day's slice is compared with the account's own total of it.

ALTER TABLE chunk_cursor DROP COLUMN complete;
-- Since when the totals of its days are asked for again; all its pages are staged.
ALTER TABLE chunk_cursor ADD COLUMN totals_at timestamptz;

-- May a chunk go on at this place? A cursor of the provider serves for 15 minutes, staged pages without one for a day.
CREATE FUNCTION chunk_place_serves(place chunk_cursor) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN place.totals_at IS NOT NULL THEN place.saved_at >= now() - interval '1 day'
                WHEN place.page = 1 THEN place.reread
                ELSE place.saved_at >= now() - interval '15 minutes' END
$$;

-- MX004: the slice differs from the account's own totals; nothing of it is stored yet.
CREATE FUNCTION slice_must_agree(days bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF days > 0 THEN
        RAISE EXCEPTION '% days do not add up to the account''s own totals', days USING ERRCODE = 'MX004';
    END IF;
END $$;

ALTER TABLE run_totals ADD COLUMN conversions numeric NOT NULL;
-- A foreign key would lock the run's row, which all its merges write at their end: they would deadlock.
ALTER TABLE run_totals DROP CONSTRAINT run_totals_run_id_fkey;
