-- Ad sets that are known only from their ads. $1 chunk, $2 connection, $3 workspace, $4 provider.
INSERT INTO entities (workspace_id, connection_id, provider, level, external_id, name, details, parent_id, campaign_id, goal)
SELECT $3::uuid, $2::uuid, $4, 'adset', s.external_id, s.external_id, '{"stub": true}', c.id, c.id, c.goal
  FROM (SELECT DISTINCT ON (external_id) external_id, campaign
          FROM (SELECT adset_id AS external_id, campaign_id AS campaign FROM chunk_facts WHERE chunk_id = $1::uuid
                 UNION
                SELECT parent_external_id, campaign_external_id FROM chunk_entities
                 WHERE chunk_id = $1::uuid AND level = 'ad') known
         WHERE external_id IS NOT NULL
         ORDER BY external_id, campaign) s
  LEFT JOIN entities c ON c.connection_id = $2::uuid AND c.external_id = s.campaign
 WHERE NOT EXISTS (SELECT 1 FROM entities e WHERE e.connection_id = $2::uuid AND e.external_id = s.external_id)
 ORDER BY s.external_id
ON CONFLICT (connection_id, external_id) DO NOTHING
