COPY ingest_names (connection_id, entity_id, external_id, provider, level, currency, name) FROM STDIN
