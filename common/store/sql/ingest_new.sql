SELECT count(*) FROM ingest_keys k WHERE k.field IS NULL AND NOT k.again AND k.stored IS NULL
