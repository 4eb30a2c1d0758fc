-- One level at a time, from the top, so that the rows above are there. $1 chunk, $2 connection, $3 workspace, $4 provider,
-- $5 level.
WITH done AS (
    INSERT INTO entities (workspace_id, connection_id, provider, level, external_id, parent_id, campaign_id, name, status,
                          configured_status, objective, goal, daily_budget, lifetime_budget, external_created_at,
                          external_updated_at, details)
    SELECT $3::uuid, $2::uuid, $4, s.level, s.external_id, p.id, c.id, s.name, s.status, s.configured_status, s.objective,
           coalesce(s.goal, c.goal), s.daily_budget, s.lifetime_budget, s.external_created_at, s.external_updated_at,
           coalesce(s.details, '{}')
      FROM chunk_entities s
      LEFT JOIN entities p ON p.connection_id = $2::uuid AND p.external_id = s.parent_external_id
      LEFT JOIN entities c ON c.connection_id = $2::uuid AND c.external_id = s.campaign_external_id
     WHERE s.chunk_id = $1::uuid AND s.level = $5
       AND NOT EXISTS (SELECT 1 FROM entities e WHERE e.connection_id = $2::uuid AND e.external_id = s.external_id)
     ORDER BY s.external_id
    ON CONFLICT (connection_id, external_id) DO NOTHING
    RETURNING 1)
UPDATE chunk_cursor SET inserted = inserted + (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
