-- Compares each day, with the rows that stay, with the account's own total of it, before anything is changed. Meta rounds
-- the spend of each ad, so sums may differ by half of the last digit for each row. Conversions keep coming in, so a slice
-- may have more of them than the total that was read before it; fewer are shown, but cost no further call, and are not
-- counted against ads that were deleted. Rows without their hour are in no hour: shown, and no loss that another reading
-- could heal. A living ad's row that only the total has left is worth one further reading, not one each night. A running day
-- is no reason for another call, unless a report of it has no row at all: Meta completes some so.
-- $1 chunk, $2 connection, $3 granularity, $4 from, $5 to, $6 whether what differs is stored all the same,
-- $7 whether the slice is a report's.
WITH kept AS (
    SELECT event_date, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
           sum(conversions) AS conversions, count(*) AS rows, bool_or(deleted) AS deleted,
           bool_or(NOT deleted) AS lost, bool_or(NOT deleted AND (spend, impressions, clicks) <> (0, 0, 0)) AS missed
      FROM chunk_gone WHERE chunk_id = $1::uuid AND stays GROUP BY event_date),
sums AS (
    SELECT c.event_date, c.runs, c.moved, c.half, c.total_spend, c.total_impressions, c.total_clicks, c.total_conversions,
           c.spend > c.total_spend OR c.impressions > c.total_impressions OR c.clicks > c.total_clicks AS beyond,
           c.spend + coalesce(k.spend, 0) AS spend, c.impressions + coalesce(k.impressions, 0) AS impressions,
           c.clicks + coalesce(k.clicks, 0) AS clicks, c.conversions + coalesce(k.conversions, 0) AS conversions,
           c.rows + coalesce(k.rows, 0) AS rows, c.rows = 0 AS empty, c.hourless_rows, c.hourless_spend,
           coalesce(k.deleted, false) AS deleted, coalesce(k.lost, false) AS lost, coalesce(k.missed, false) AS missed
      FROM chunk_days c
      LEFT JOIN kept k ON k.event_date = c.event_date
     WHERE c.chunk_id = $1::uuid),
judged AS (
    SELECT *, CASE WHEN total_spend IS NULL THEN 'unknown'
                   WHEN impressions <> total_impressions OR clicks <> total_clicks
                        OR abs(spend - total_spend) > half * rows THEN 'differs'
                   WHEN hourless_rows > 0 THEN 'hourless'
                   WHEN conversions < total_conversions AND NOT deleted THEN 'fewer conversions'
                   ELSE 'equal' END AS word
      FROM sums),
told AS (
    UPDATE account_days d
       SET state = CASE j.word WHEN 'unknown' THEN 'stored' WHEN 'equal' THEN 'verified' ELSE 'differs' END,
           cause = CASE WHEN j.word = 'equal' AND j.lost THEN 'lost'
                        WHEN j.word = 'equal' AND j.deleted THEN 'deleted'
                        WHEN j.word IN ('equal', 'unknown') THEN NULL
                        WHEN j.word = 'hourless' THEN 'lost'
                        WHEN j.runs OR j.moved OR j.beyond THEN 'moving'
                        WHEN h.hidden THEN 'deleted'
                        ELSE 'lost' END,
           rows = j.rows - j.hourless_rows,
           total_spend = j.total_spend, total_impressions = j.total_impressions, total_clicks = j.total_clicks,
           unattributed_spend = j.total_spend - j.spend + j.hourless_spend
      FROM judged j
     CROSS JOIN (SELECT EXISTS (
               SELECT 1 FROM entities a
                WHERE a.connection_id = $2::uuid AND a.level = 'ad' AND (a.vanished_at IS NOT NULL OR a.status = 'DELETED')
                  AND NOT EXISTS (SELECT 1 FROM chunk_facts s WHERE s.chunk_id = $1::uuid AND s.ad_id = a.external_id))
               AS hidden) h
     WHERE d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date BETWEEN $4::date AND $5::date
       AND d.event_date = j.event_date)
SELECT slice_must_agree(count(*))
  FROM judged j
  JOIN account_days d ON d.event_date = j.event_date
 WHERE d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date BETWEEN $4::date AND $5::date
   AND NOT $6::boolean AND (NOT j.runs OR ($7::boolean AND j.empty AND j.word = 'differs'))
   AND (j.word IN ('unknown', 'differs') OR (j.missed AND (d.state, d.cause) IS DISTINCT FROM ('verified', 'lost')))
