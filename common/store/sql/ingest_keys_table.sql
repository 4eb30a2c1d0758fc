-- Where each fact of the request belongs. Narrow: some of its rows are written again, and those of the facts never.
CREATE TEMPORARY TABLE IF NOT EXISTS ingest_keys (
    n             int NOT NULL,
    connection_id uuid,
    entity_id     uuid,
    event_date    date,
    hour          smallint, -- null: of the whole day
    event_at      timestamptz, -- when the day begins
    currency      varchar(64),
    again         boolean NOT NULL, -- the same key comes once more behind it
    stored        varchar(10), -- by whom, if it is
    field         varchar(20), -- why it is refused
    message       varchar(300)
) ON COMMIT DELETE ROWS
