-- Campaigns that are known only from what belongs to them. $1 chunk, $2 connection, $3 workspace, $4 provider.
INSERT INTO entities (workspace_id, connection_id, provider, level, external_id, name, details)
SELECT $3::uuid, $2::uuid, $4, 'campaign', s.external_id, s.external_id, '{"stub": true}'
  FROM (SELECT campaign_id AS external_id FROM chunk_facts WHERE chunk_id = $1::uuid
         UNION
        SELECT campaign_external_id FROM chunk_entities WHERE chunk_id = $1::uuid) s
 WHERE s.external_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM entities e WHERE e.connection_id = $2::uuid AND e.external_id = s.external_id)
 ORDER BY s.external_id
ON CONFLICT (connection_id, external_id) DO NOTHING
