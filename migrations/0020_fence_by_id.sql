-- oldest-program: 0.2.0
-- The fence finds its chunk by the id alone. With the status in its question PostgreSQL took the index of open chunks, which it believes to
-- be short, as by night it is: with 10,000 connections due at once each fence read through all of them.

CREATE OR REPLACE FUNCTION chunk_fence(chunk uuid, expected_epoch bigint, expected_page int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    c record;
BEGIN
    SELECT epoch, status INTO c FROM sync_chunks WHERE id = chunk FOR UPDATE;
    IF NOT FOUND OR c.epoch <> expected_epoch OR c.status <> 'running' THEN
        RAISE EXCEPTION 'chunk % is not at epoch %', chunk, expected_epoch USING ERRCODE = 'MX001';
    END IF;
    IF expected_page IS NOT NULL THEN
        PERFORM 1 FROM chunk_cursor WHERE chunk_id = chunk AND page = expected_page;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'chunk % is not at page %', chunk, expected_page USING ERRCODE = 'MX002';
        END IF;
    END IF;
END $$;
