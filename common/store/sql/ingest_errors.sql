SELECT json_build_object('index', i.n, 'field', i.field, 'message', i.message) FROM ingest_keys i WHERE i.field IS NOT NULL ORDER BY i.n
