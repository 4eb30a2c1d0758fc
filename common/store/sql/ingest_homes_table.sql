-- Which connection a fact of the request belongs to, by what it says of it.
CREATE TEMPORARY TABLE IF NOT EXISTS ingest_homes (
    provider      text NOT NULL,
    asked         uuid NOT NULL, -- all zeros: none was named
    connection_id uuid,
    zone          text,
    currency      text,
    message       text -- why there is none
) ON COMMIT DELETE ROWS
