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

-- Its question was too much, and was made smaller.
ALTER TABLE sync_chunks ADD COLUMN shrunk boolean NOT NULL DEFAULT false;
-- What was little enough for a connection, since a question was too much; of what: its listings, its days, its hours.
CREATE TABLE connection_limits (
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    what          text NOT NULL CHECK (what IN ('entities', 'day', 'hour')),
    page_limit    int,
    days_limit    int,
    rung          smallint NOT NULL,
    learned_at    timestamptz NOT NULL,
    PRIMARY KEY (connection_id, what)
);
-- The same today: each day doubles it, and after a day the whole question is tried again; no row: no limit is known.
CREATE FUNCTION limits_now(connection uuid, of_what text)
RETURNS TABLE (page_limit int, days_limit int, rung smallint) LANGUAGE sql STABLE AS $$
    SELECT l.page_limit * a.grown, l.days_limit * a.grown, CASE WHEN a.grown = 1 THEN l.rung ELSE 0::smallint END
      FROM connection_limits l
     CROSS JOIN LATERAL (SELECT (2 ^ least(extract(epoch FROM now() - l.learned_at)::bigint / 86400, 10))::int AS grown) a
     WHERE l.connection_id = connection AND l.what = of_what
$$;
