-- oldest-program: 0.1.0
-- The truth: workspaces, connections, entities, facts, what is known of each day, runs and their chunks.

CREATE TABLE workspaces (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name       text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tokens (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id      uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    provider          text NOT NULL,
    access_token_enc  text NOT NULL,
    refresh_token_enc text,
    expires_at        timestamptz,
    scopes            text[],
    ad_account_ids    text[],
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tokens_workspace ON tokens (workspace_id);

CREATE TABLE connections (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id        uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    provider            text NOT NULL,
    external_account_id text NOT NULL,
    name                text NOT NULL,
    status              text NOT NULL DEFAULT 'active'
                        CHECK (status IN ('active', 'paused', 'needs_reauth', 'no_access', 'disabled')),
    status_reason       text,
    error_code          text,
    currency            text NOT NULL,
    timezone            text NOT NULL,
    connected_at        timestamptz NOT NULL DEFAULT now(),
    token_id            uuid REFERENCES tokens ON DELETE SET NULL,
    token_source        text NOT NULL CHECK (token_source IN ('stored', 'env', 'none')),
    last_synced_at      timestamptz,
    facts_through       date,
    next_sync_at        timestamptz,
    settings            jsonb NOT NULL DEFAULT '{}',
    deleted_at          timestamptz, -- hidden at once, removed in batches
    told                text NOT NULL DEFAULT 'active', -- the status that :events were told last
    UNIQUE (workspace_id, provider, external_account_id)
);
CREATE INDEX connections_news ON connections (id) WHERE told <> status;
CREATE INDEX connections_due ON connections (next_sync_at NULLS FIRST) WHERE status = 'active' AND deleted_at IS NULL;
CREATE INDEX connections_account ON connections (provider, external_account_id);

CREATE TABLE entities (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id        uuid NOT NULL,
    connection_id       uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    provider            text NOT NULL,
    external_id         text NOT NULL,
    level               text NOT NULL CHECK (level IN ('campaign', 'adset', 'ad')),
    parent_id           uuid,
    campaign_id         uuid,
    name                text NOT NULL,
    status              text,
    configured_status   text,
    objective           text,
    goal                text,
    daily_budget        numeric,
    lifetime_budget     numeric,
    external_created_at timestamptz,
    external_updated_at timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    vanished_at         timestamptz,
    details             jsonb NOT NULL DEFAULT '{}',
    UNIQUE (connection_id, external_id)
);

CREATE TABLE metric_facts (
    workspace_id        uuid NOT NULL,
    connection_id       uuid NOT NULL,
    entity_id           uuid NOT NULL REFERENCES entities ON DELETE CASCADE,
    provider            text NOT NULL,
    level               text NOT NULL,
    event_date          date NOT NULL,
    event_at            timestamptz NOT NULL,
    currency            text NOT NULL,
    spend               numeric NOT NULL DEFAULT 0,
    impressions         bigint NOT NULL DEFAULT 0,
    clicks              bigint NOT NULL DEFAULT 0,
    link_clicks         numeric NOT NULL DEFAULT 0,
    conversions         numeric NOT NULL DEFAULT 0,
    revenue             numeric NOT NULL DEFAULT 0,
    leads               numeric NOT NULL DEFAULT 0,
    installs            numeric NOT NULL DEFAULT 0,
    purchases           numeric NOT NULL DEFAULT 0,
    registrations       numeric NOT NULL DEFAULT 0,
    visitors            numeric NOT NULL DEFAULT 0,
    reach               bigint,
    attribution_setting text,
    actions             jsonb NOT NULL DEFAULT '{}',
    action_values       jsonb NOT NULL DEFAULT '{}',
    source              text NOT NULL CHECK (source IN ('sync', 'ingest')),
    ingested_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entity_id, event_date)
);
CREATE INDEX metric_facts_connection_day ON metric_facts (connection_id, event_date);

CREATE TABLE metric_facts_hourly (
    LIKE metric_facts INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    event_hour smallint NOT NULL CHECK (event_hour BETWEEN 0 AND 23),
    PRIMARY KEY (entity_id, event_date, event_hour),
    FOREIGN KEY (entity_id) REFERENCES entities ON DELETE CASCADE
);
CREATE INDEX metric_facts_hourly_connection_day ON metric_facts_hourly (connection_id, event_date);

-- What is known of a day. read_at is the instant at which page 1 of its latest stored reading was asked for: an older
-- reading never overwrites a newer one.
CREATE TABLE account_days (
    connection_id      uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    granularity        text NOT NULL CHECK (granularity IN ('day', 'hour')),
    event_date         date NOT NULL,
    state              text NOT NULL DEFAULT 'missing'
                       CHECK (state IN ('stored', 'verified', 'differs', 'missing', 'failing')),
    cause              text,
    restated           boolean NOT NULL DEFAULT false,
    rows               bigint NOT NULL DEFAULT 0,
    total_spend        numeric,
    total_impressions  bigint,
    total_clicks       bigint,
    unattributed_spend numeric,
    read_at            timestamptz,
    run_id             uuid,
    PRIMARY KEY (connection_id, granularity, event_date)
);

-- When the latest stored listing of a connection's entities was begun: the same fence for them, and the row that a merge
-- of entities locks.
CREATE TABLE entity_listings (
    connection_id uuid PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
    read_at       timestamptz,
    whole_at      timestamptz, -- the same of the latest one that was whole, not only of what had changed
    run_id        uuid
);

-- What changed in days that had been read after their end. column_name 'row': the whole row appeared (old is null) or
-- vanished (new is null); the other side is a JSON object of its measures.
CREATE TABLE restatements (
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    entity_id     uuid NOT NULL,
    event_date    date NOT NULL,
    column_name   text NOT NULL,
    old           text,
    new           text,
    changed_at    timestamptz NOT NULL DEFAULT now(),
    run_id        uuid
);
CREATE INDEX restatements_connection ON restatements (connection_id, changed_at);

CREATE TABLE sync_runs (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id   uuid NOT NULL,
    connection_id  uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    kind           text NOT NULL CHECK (kind IN ('entities', 'metrics', 'full')),
    trigger        text NOT NULL CHECK (trigger IN ('manual', 'nightly', 'intraday', 'connect', 'external')),
    status         text NOT NULL DEFAULT 'queued'
                   CHECK (status IN ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
    date_from      date,
    date_to        date,
    granularity    text NOT NULL DEFAULT 'day' CHECK (granularity IN ('day', 'hour')),
    chunks_total   bigint NOT NULL DEFAULT 0,
    chunks_done    bigint NOT NULL DEFAULT 0,
    chunks_dead    bigint NOT NULL DEFAULT 0,
    rows_inserted  bigint NOT NULL DEFAULT 0,
    rows_updated   bigint NOT NULL DEFAULT 0,
    rows_unchanged bigint NOT NULL DEFAULT 0,
    rows_removed   bigint NOT NULL DEFAULT 0,
    calls          bigint NOT NULL DEFAULT 0,
    error_code     text,
    error          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz,
    -- what was asked for: null = the default range, which planning turns into date_from and date_to
    asked_from     date,
    asked_to       date,
    force          boolean NOT NULL DEFAULT false,
    interactive    boolean NOT NULL DEFAULT false,
    due_at         timestamptz, -- of a scheduled run: with trigger and connection its identity
    -- its jobs so far: 'first' = entities and the account's totals, 'sample' = the newest days alone, to learn from
    planned        text NOT NULL DEFAULT 'nothing' CHECK (planned IN ('nothing', 'first', 'sample', 'all')),
    reopened       boolean NOT NULL DEFAULT false, -- for its dead letters only: an equal request makes a run of its own
    -- what there is to tell dashboards of it, and what they were told last
    news           text NOT NULL GENERATED ALWAYS AS (CASE WHEN status NOT IN ('queued', 'running') THEN status
                                                           WHEN planned = 'nothing' THEN 'asked'
                                                           ELSE 'started ' || planned END) STORED,
    told           text
);
CREATE INDEX sync_runs_news ON sync_runs (created_at) WHERE told IS DISTINCT FROM news;
-- One run at a time for the same work: an equal request joins the open run.
CREATE UNIQUE INDEX sync_runs_open ON sync_runs (connection_id, kind, granularity, asked_from, asked_to)
    NULLS NOT DISTINCT WHERE status IN ('queued', 'running') AND NOT reopened;
CREATE UNIQUE INDEX sync_runs_due ON sync_runs (connection_id, trigger, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sync_runs_unplanned ON sync_runs (interactive DESC, created_at, id)
    WHERE status IN ('queued', 'running') AND planned <> 'all';
CREATE INDEX sync_runs_connection ON sync_runs (connection_id, created_at DESC);
CREATE INDEX sync_runs_finished ON sync_runs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE sync_chunks (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    run_id        uuid NOT NULL REFERENCES sync_runs ON DELETE CASCADE,
    connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
    kind          text NOT NULL CHECK (kind IN ('entities', 'metrics')),
    date_from     date,
    date_to       date,
    status        text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'dead', 'cancelled')),
    attempts      int NOT NULL DEFAULT 0, -- failures
    deliveries    int NOT NULL DEFAULT 0, -- starts since a page was last committed
    rows          bigint NOT NULL DEFAULT 0,
    calls         bigint NOT NULL DEFAULT 0,
    error_code    text,
    error         text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    epoch         bigint NOT NULL DEFAULT 0, -- fencing token, raised at each start
    worker        text,
    ordinal       int NOT NULL, -- place in its run: 0 is done first
    retry_at      timestamptz,  -- not before, after a failure
    rows_inserted  bigint NOT NULL DEFAULT 0, -- by its merge; a run's counts are the sums over its chunks
    rows_updated   bigint NOT NULL DEFAULT 0,
    rows_unchanged bigint NOT NULL DEFAULT 0,
    rows_removed   bigint NOT NULL DEFAULT 0,
    totals         boolean NOT NULL DEFAULT false, -- of kind metrics: asks for the account's totals of its days, no facts
    since          timestamptz -- of kind entities: only what changed after this; null = the whole listing
);
CREATE INDEX sync_chunks_run ON sync_chunks (run_id, status);
CREATE INDEX sync_chunks_open ON sync_chunks (connection_id) WHERE status IN ('queued', 'running');
CREATE INDEX sync_chunks_dead ON sync_chunks (finished_at) WHERE status = 'dead';

-- The account's own totals of each day as the provider said them to a run, zero where it said nothing; its slices are
-- compared with them. Gone when the run ends.
CREATE TABLE run_totals (
    run_id      uuid NOT NULL REFERENCES sync_runs ON DELETE CASCADE,
    event_date  date NOT NULL,
    spend       numeric NOT NULL,
    impressions bigint NOT NULL,
    clicks      bigint NOT NULL,
    moved       boolean NOT NULL DEFAULT false, -- asked again, it was another one
    read_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, event_date)
);

-- Pages of open slices, and the place where each goes on. Both unlogged and so lost together in a crash of PostgreSQL:
-- no cursor row means page 1.
CREATE UNLOGGED TABLE chunk_cursor (
    chunk_id  uuid PRIMARY KEY,
    epoch     bigint NOT NULL,          -- of the start that committed the last page; 0 before the first
    page      int NOT NULL DEFAULT 1,   -- the next one to ask for
    cursor    text,                     -- that asks for it; null on page 1
    opened_at timestamptz NOT NULL,     -- when page 1 was asked for
    saved_at  timestamptz NOT NULL,
    rows      bigint NOT NULL DEFAULT 0,
    calls     bigint NOT NULL DEFAULT 0,
    complete  boolean NOT NULL DEFAULT false, -- all pages are staged; the totals of its days are asked for again
    reread    boolean NOT NULL DEFAULT false, -- this is the second reading of a slice that differed from the totals
    inserted  bigint NOT NULL DEFAULT 0, -- counted by the merge on its way
    updated   bigint NOT NULL DEFAULT 0,
    removed   bigint NOT NULL DEFAULT 0
);
CREATE UNLOGGED TABLE chunk_facts (
    chunk_id            uuid NOT NULL,
    page                int NOT NULL,
    ordinal             int NOT NULL,
    campaign_id         text,
    adset_id            text,
    ad_id               text NOT NULL,
    event_date          date NOT NULL,
    event_hour          smallint NOT NULL, -- -1: the whole day
    spend               numeric NOT NULL,
    impressions         bigint NOT NULL,
    clicks              bigint NOT NULL,
    link_clicks         numeric NOT NULL,
    conversions         numeric NOT NULL,
    revenue             numeric NOT NULL,
    leads               numeric NOT NULL,
    installs            numeric NOT NULL,
    purchases           numeric NOT NULL,
    registrations       numeric NOT NULL,
    visitors            numeric NOT NULL,
    reach               bigint,
    attribution_setting text,
    actions             jsonb NOT NULL,
    action_values       jsonb NOT NULL
);
CREATE INDEX chunk_facts_chunk ON chunk_facts (chunk_id);
CREATE UNLOGGED TABLE chunk_entities (
    chunk_id             uuid NOT NULL,
    page                 int NOT NULL,
    ordinal              int NOT NULL,
    external_id          text NOT NULL,
    level                text NOT NULL,
    parent_external_id   text,
    campaign_external_id text,
    name                 text NOT NULL,
    status               text,
    configured_status    text,
    objective            text,
    goal                 text, -- of campaigns; the others inherit it
    daily_budget         numeric,
    lifetime_budget      numeric,
    external_created_at  timestamptz,
    external_updated_at  timestamptz,
    details              jsonb NOT NULL
);
CREATE INDEX chunk_entities_chunk ON chunk_entities (chunk_id);

-- Calls made lately, booked before they are sent: may count too much, never too little. Redis is seeded from it.
CREATE TABLE call_ledger (
    scope  text NOT NULL,
    bucket timestamptz NOT NULL, -- start of the second in which they were booked
    calls  bigint NOT NULL,
    PRIMARY KEY (scope, bucket)
);
CREATE INDEX call_ledger_bucket ON call_ledger (bucket);

-- Who plans: one row, taken for a few seconds at a time.
CREATE TABLE scheduler_lease (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    holder   text NOT NULL,
    since    timestamptz NOT NULL,
    until    timestamptz NOT NULL
);

-- A calendar day's first instant in a zone. Where midnight is skipped it is the jump, which is what PostgreSQL makes of it;
-- of a midnight that comes twice PostgreSQL takes the second pass, and the day began with the first.
CREATE FUNCTION day_start(zone text, day date) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN timezone(zone, timezone(zone, day::timestamp) - interval '1 hour')::date = day
                THEN timezone(zone, day::timestamp) - interval '1 hour'
                ELSE timezone(zone, day::timestamp) END
$$;

-- The fences, each locking the chunk. MX001: another worker owns the chunk, or it is closed. MX002: the staged pages are
-- gone (PostgreSQL crashed), or the page was committed already: open the chunk again and go on where chunk_cursor says.
CREATE FUNCTION chunk_fence(chunk uuid, expected_epoch bigint, expected_page int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM sync_chunks WHERE id = chunk AND epoch = expected_epoch AND status = 'running' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'chunk % is not at epoch %', chunk, expected_epoch USING ERRCODE = 'MX001';
    END IF;
    IF expected_page IS NOT NULL THEN
        PERFORM 1 FROM chunk_cursor WHERE chunk_id = chunk AND page = expected_page;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'chunk % is not at page %', chunk, expected_page USING ERRCODE = 'MX002';
        END IF;
    END IF;
END $$;
-- MX003: there is nothing to do for this chunk now.
CREATE FUNCTION chunk_openable(chunk uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    word text;
BEGIN
    PERFORM 1 FROM sync_chunks WHERE id = chunk FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no chunk %', chunk USING ERRCODE = 'MX003';
    END IF;
    SELECT CASE WHEN c.status NOT IN ('queued', 'running') THEN 'chunk ' || chunk || ' is ' || c.status
                WHEN r.status NOT IN ('queued', 'running') THEN 'run ' || r.id || ' is ' || r.status
                WHEN k.deleted_at IS NOT NULL THEN 'connection ' || k.id || ' is deleted'
                WHEN k.status <> 'active' THEN 'connection ' || k.id || ' is ' || k.status
                WHEN k.token_source = 'none' OR (k.token_source = 'stored' AND k.token_id IS NULL)
                THEN 'connection ' || k.id || ' has no token' END
      INTO word
      FROM sync_chunks c JOIN sync_runs r ON r.id = c.run_id JOIN connections k ON k.id = c.connection_id
     WHERE c.id = chunk;
    IF word IS NOT NULL THEN
        RAISE EXCEPTION '%', word USING ERRCODE = 'MX003';
    END IF;
END $$;

CREATE VIEW ads_insights AS
SELECT f.workspace_id, f.connection_id, f.provider,
       k.external_account_id AS account_id, k.name AS account_name,
       c.external_id AS campaign_id, c.name AS campaign_name,
       s.external_id AS adset_id, s.name AS adset_name,
       a.external_id AS ad_id, a.name AS ad_name,
       f.event_date, f.currency, c.objective,
       f.spend, f.impressions, f.clicks, f.link_clicks, f.conversions, f.revenue, f.leads, f.installs, f.purchases,
       f.registrations, f.visitors, f.reach, f.attribution_setting, f.actions, f.action_values, f.ingested_at
  FROM metric_facts f
  JOIN connections k ON k.id = f.connection_id
  JOIN entities a ON a.id = f.entity_id
  LEFT JOIN entities s ON s.id = a.parent_id
  LEFT JOIN entities c ON c.id = a.campaign_id
 WHERE f.level = 'ad' AND k.deleted_at IS NULL;
