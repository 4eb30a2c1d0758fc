-- A day that the answer left out had no delivery. $1 chunk, $2 run, $3 from, $4 to.
INSERT INTO run_totals AS t (run_id, event_date, spend, impressions, clicks, conversions)
SELECT $2::uuid, day::date, 0, 0, 0, 0
  FROM chunk_cursor u
 CROSS JOIN generate_series($3::date::timestamp, $4::date::timestamp, interval '1 day') day
 WHERE u.chunk_id = $1::uuid
   AND NOT EXISTS (SELECT 1 FROM run_totals n WHERE n.run_id = $2::uuid AND n.event_date = day::date
                                                AND n.read_at >= coalesce(u.totals_at, u.opened_at))
 ORDER BY day
ON CONFLICT (run_id, event_date) DO UPDATE
   SET spend = 0, impressions = 0, clicks = 0, conversions = 0, read_at = now(),
       moved = t.moved OR (t.spend, t.impressions, t.clicks) IS DISTINCT FROM (0::numeric, 0::bigint, 0::bigint)
