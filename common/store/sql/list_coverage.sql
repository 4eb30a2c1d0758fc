-- $1 connection.
SELECT $1::uuid AS connection_id, d.granularity, d.event_date, d.state, d.cause, d.restated, d.rows,
       trim_scale(d.total_spend)::text AS total_spend, d.total_impressions, d.total_clicks,
       trim_scale(d.unattributed_spend)::text AS unattributed_spend, d.read_at, d.run_id
  FROM day_coverage($1::uuid) d
 WHERE EXISTS (SELECT FROM connections k WHERE k.id = $1::uuid AND k.deleted_at IS NULL)
 ORDER BY d.granularity, d.event_date
