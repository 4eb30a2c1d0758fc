-- Ads that only insights know. $1 chunk, $2 connection, $3 workspace, $4 provider.
INSERT INTO entities (workspace_id, connection_id, provider, level, external_id, name, details, parent_id, campaign_id, goal)
SELECT $3::uuid, $2::uuid, $4, 'ad', s.ad_id, s.ad_id, '{"stub": true}', p.id, c.id, c.goal
  FROM (SELECT DISTINCT ON (ad_id) ad_id, adset_id, campaign_id FROM chunk_facts WHERE chunk_id = $1::uuid
         ORDER BY ad_id, event_date DESC) s
  LEFT JOIN entities p ON p.connection_id = $2::uuid AND p.external_id = s.adset_id
  LEFT JOIN entities c ON c.connection_id = $2::uuid AND c.external_id = s.campaign_id
 WHERE NOT EXISTS (SELECT 1 FROM entities e WHERE e.connection_id = $2::uuid AND e.external_id = s.ad_id)
 ORDER BY s.ad_id
ON CONFLICT (connection_id, external_id) DO NOTHING
