-- The account's totals of some days. $1 run, $2 days as JSON.
INSERT INTO run_totals AS t (run_id, event_date, spend, impressions, clicks, conversions)
SELECT DISTINCT ON (n.day) $1::uuid, n.day, n.spend, n.impressions, n.clicks, n.conversions
  FROM jsonb_to_recordset($2::jsonb) n (day date, spend numeric, impressions bigint, clicks bigint, conversions numeric)
 ORDER BY n.day
ON CONFLICT (run_id, event_date) DO UPDATE
   SET spend = excluded.spend, impressions = excluded.impressions, clicks = excluded.clicks,
       conversions = excluded.conversions, read_at = now(),
       moved = t.moved OR (t.spend, t.impressions, t.clicks)
                          IS DISTINCT FROM (excluded.spend, excluded.impressions, excluded.clicks)
