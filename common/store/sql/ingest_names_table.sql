-- What the facts of one request are about, each once, in the order in which it is first named: looked up once, not once a fact.
-- No column needs a TOAST table: emptying one at each commit takes longer than all else of a small request's commit.
CREATE TEMPORARY TABLE IF NOT EXISTS ingest_names (
    name          int NOT NULL,
    connection_id uuid,
    entity_id     uuid,
    external_id   varchar(200),
    provider      varchar(40) NOT NULL,
    level         varchar(10) NOT NULL,
    currency      varchar(3)
) ON COMMIT DELETE ROWS
