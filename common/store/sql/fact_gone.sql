-- Synced rows that the slice lacks, in the days that it may write. $1 chunk, $2 connection, $3 from, $4 to.
INSERT INTO chunk_gone (chunk_id, entity_id, event_date,
                        --hour event_hour,
                        deleted, spend, impressions, clicks, conversions)
SELECT $1::uuid, f.entity_id, f.event_date,
       --hour f.event_hour,
       e.vanished_at IS NOT NULL OR e.status IS NOT DISTINCT FROM 'DELETED',
       f.spend, f.impressions, f.clicks, f.conversions
  FROM metric_facts f
  JOIN chunk_days d ON d.chunk_id = $1::uuid AND d.event_date = f.event_date
  JOIN entities e ON e.connection_id = $2::uuid AND e.id = f.entity_id
 WHERE f.connection_id = $2::uuid AND f.event_date BETWEEN $3::date AND $4::date
   AND f.source = 'sync' AND f.level = 'ad'
   AND NOT EXISTS (SELECT 1 FROM chunk_facts s
                    WHERE s.chunk_id = $1::uuid
                      --hour AND s.event_hour = f.event_hour
                      AND s.ad_id = e.external_id AND s.event_date = f.event_date)
