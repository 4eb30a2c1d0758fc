-- oldest-program: 0.2.0
-- Questions that are too much data for the provider are asked smaller.

-- How a chunk is asked (common/plan/ladder.h): 0 whole, 1 in parts, 2 as a report, 3 campaign by campaign.
ALTER TABLE sync_chunks ADD COLUMN rung smallint NOT NULL DEFAULT 0;
ALTER TABLE sync_chunks ADD COLUMN page_limit int; -- rows of its pages; null: the settings'
ALTER TABLE sync_chunks ADD COLUMN days_limit int; -- days that were left of a longer range; null: it was never cut

-- The second part of a row that was asked for in two.
ALTER TABLE chunk_facts ADD COLUMN actions_only boolean NOT NULL;

-- The report that the provider makes of a chunk's facts (rung 2): known before it is looked at, so that no crash makes
-- another. report_at: when it was asked for, the age of its numbers; report_moved_at: when it last went on.
ALTER TABLE sync_chunks ADD COLUMN report_id text;
ALTER TABLE sync_chunks ADD COLUMN reports_made smallint NOT NULL DEFAULT 0;
ALTER TABLE sync_chunks ADD COLUMN report_polls int NOT NULL DEFAULT 0;
ALTER TABLE sync_chunks ADD COLUMN report_percent smallint NOT NULL DEFAULT 0;
ALTER TABLE sync_chunks ADD COLUMN report_at timestamptz;
ALTER TABLE sync_chunks ADD COLUMN report_moved_at timestamptz;
ALTER TABLE sync_chunks ADD COLUMN report_ready boolean NOT NULL DEFAULT false; -- its pages are being read

-- The campaigns that a chunk at rung 3 asks for one by one, in order; null: it still asks which there are.
ALTER TABLE chunk_cursor ADD COLUMN campaigns text[];
-- MX005: no campaign has facts.
CREATE FUNCTION some_campaigns(ids text[]) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(ids) = 0 THEN
        RAISE EXCEPTION 'no campaign has facts' USING ERRCODE = 'MX005';
    END IF;
    RETURN ids;
END $$;
