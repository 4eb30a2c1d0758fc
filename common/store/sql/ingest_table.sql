-- The facts of one request as they came; ingest_keys says what they turned out to mean.
CREATE TEMPORARY TABLE IF NOT EXISTS ingest (
    n             int NOT NULL,
    name          int NOT NULL,
    event_at      timestamptz,
    event_date    date,
    hourly        boolean NOT NULL,
    spend         numeric,
    impressions   bigint,
    clicks        bigint,
    link_clicks   numeric,
    conversions   numeric,
    revenue       numeric,
    leads         numeric,
    installs      numeric,
    purchases     numeric,
    registrations numeric,
    visitors      numeric,
    reach         bigint,
    attribution_setting text,
    actions       jsonb,
    action_values jsonb
) ON COMMIT DELETE ROWS
