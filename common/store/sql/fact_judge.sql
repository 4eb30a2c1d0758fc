-- Compares each day that this slice may write with the account's own total of it, before anything is changed. Stored rows
-- that the slice lacks ("gone") stay when the total still contains them: ads deleted since keep what they spent. Meta
-- rounds the spend of each ad, so sums may differ by half of the last place for each row. Conversions keep coming in, so
-- a slice may have more of them than the total that was read before it; fewer are shown, but cost no further call.
-- $1 chunk, $2 connection, $3 granularity, $4 from, $5 to, $6 run, $7 zone, $8 whether what differs is stored all the same.
WITH days AS (
    SELECT d.event_date, day_start($7, d.event_date + 1) > u.opened_at AS runs
      FROM account_days d
     CROSS JOIN chunk_cursor u
     WHERE u.chunk_id = $1::uuid
       AND d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date BETWEEN $4::date AND $5::date
       AND (d.read_at IS NULL OR d.read_at < u.opened_at)),
slice AS (
    SELECT event_date, sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks,
           sum(conversions) AS conversions, count(*) AS rows, max(scale(spend)) AS places
      FROM chunk_facts WHERE chunk_id = $1::uuid GROUP BY event_date),
gone AS (
    SELECT f.event_date, sum(f.spend) AS spend, sum(f.impressions) AS impressions, sum(f.clicks) AS clicks,
           sum(f.conversions) AS conversions, count(*) AS rows,
           bool_and(e.vanished_at IS NOT NULL OR e.status IS NOT DISTINCT FROM 'DELETED') AS deleted
      FROM metric_facts f
      JOIN entities e ON e.id = f.entity_id
     WHERE f.connection_id = $2::uuid AND f.event_date BETWEEN $4::date AND $5::date
       AND f.source = 'sync' AND f.level = 'ad'
       AND NOT EXISTS (SELECT 1 FROM chunk_facts s
                        WHERE s.chunk_id = $1::uuid
                          --hour AND s.event_hour = f.event_hour
                          AND s.ad_id = e.external_id AND s.event_date = f.event_date)
     GROUP BY f.event_date),
sums AS (
    SELECT d.event_date, d.runs, t.spend, t.impressions, t.clicks, coalesce(t.moved, false) AS moved,
           CASE $3 WHEN 'hour' THEN 0 ELSE t.conversions END AS conversions, -- Meta leaves most out of hours
           coalesce(s.spend, 0) AS read_spend, coalesce(s.impressions, 0) AS read_impressions,
           coalesce(s.clicks, 0) AS read_clicks, coalesce(s.conversions, 0) AS read_conversions,
           coalesce(s.rows, 0) AS read_rows,
           coalesce(g.spend, 0) AS gone_spend, coalesce(g.impressions, 0) AS gone_impressions,
           coalesce(g.clicks, 0) AS gone_clicks, coalesce(g.conversions, 0) AS gone_conversions,
           coalesce(g.rows, 0) AS gone_rows, coalesce(g.deleted, false) AS gone_deleted,
           0.5 * 10::numeric ^ -greatest(coalesce(s.places, 0), scale(t.spend)) AS half
      FROM days d
      LEFT JOIN run_totals t ON t.run_id = $6::uuid AND t.event_date = d.event_date
      LEFT JOIN slice s ON s.event_date = d.event_date
      LEFT JOIN gone g ON g.event_date = d.event_date),
compared AS (
    SELECT *, impressions = read_impressions AND clicks = read_clicks
              AND abs(spend - read_spend) <= half * read_rows AS equal,
           gone_rows > 0 AND impressions = read_impressions + gone_impressions AND clicks = read_clicks + gone_clicks
              AND abs(spend - read_spend - gone_spend) <= half * (read_rows + gone_rows) AS equal_with_gone
      FROM sums),
judged AS (
    SELECT *, CASE WHEN spend IS NULL THEN 'unknown'
                   WHEN equal_with_gone AND gone_deleted THEN 'kept'
                   WHEN equal AND read_conversions >= conversions THEN 'equal'
                   WHEN equal_with_gone AND (NOT equal OR read_conversions + gone_conversions >= conversions) THEN 'kept'
                   WHEN equal THEN 'fewer conversions'
                   ELSE 'differs' END AS word
      FROM compared),
told AS (
    UPDATE account_days d
       SET state = CASE WHEN j.word = 'unknown' THEN 'stored' WHEN j.word IN ('equal', 'kept') THEN 'verified'
                        ELSE 'differs' END,
           cause = CASE WHEN j.word = 'kept' THEN 'deleted'
                        WHEN j.word IN ('equal', 'unknown') THEN NULL
                        WHEN j.runs OR j.moved OR j.read_spend > j.spend OR j.read_impressions > j.impressions
                             OR j.read_clicks > j.clicks THEN 'moving'
                        WHEN h.hidden THEN 'deleted'
                        ELSE 'lost' END,
           rows = j.read_rows + CASE j.word WHEN 'kept' THEN j.gone_rows ELSE 0 END,
           total_spend = j.spend, total_impressions = j.impressions, total_clicks = j.clicks,
           unattributed_spend = j.spend - j.read_spend - CASE j.word WHEN 'kept' THEN j.gone_spend ELSE 0 END
      FROM judged j
     CROSS JOIN (SELECT EXISTS (
               SELECT 1 FROM entities a
                WHERE a.connection_id = $2::uuid AND a.level = 'ad' AND (a.vanished_at IS NOT NULL OR a.status = 'DELETED')
                  AND NOT EXISTS (SELECT 1 FROM chunk_facts s WHERE s.chunk_id = $1::uuid AND s.ad_id = a.external_id))
               AS hidden) h
     WHERE d.connection_id = $2::uuid AND d.granularity = $3 AND d.event_date BETWEEN $4::date AND $5::date
       AND d.event_date = j.event_date)
SELECT slice_must_agree(count(*)) FROM judged
 WHERE NOT $8::boolean AND NOT runs AND word IN ('unknown', 'differs')
