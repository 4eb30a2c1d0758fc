-- The connection and the entity behind each of ingest_names, as far as there are any.
CREATE TEMPORARY TABLE IF NOT EXISTS ingest_entities (
    name          int NOT NULL,
    connection_id uuid,
    no_connection varchar(200), -- why it has none
    zone          varchar(100),
    currency      varchar(64),
    entity_id     uuid,
    level         varchar(10), -- of the entity
    asked_level   varchar(10) NOT NULL
) ON COMMIT DELETE ROWS
