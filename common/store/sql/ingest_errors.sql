SELECT row_to_json(e) FROM (SELECT i.n AS index, i.field, i.message FROM ingest_keys i WHERE i.field IS NOT NULL ORDER BY i.n) e
