-- $1 connection.
SELECT row_to_json(d) FROM day_coverage($1::uuid) d ORDER BY d.granularity, d.event_date
