-- What the listing does not name follows what lies above it: an ad set's ads into another campaign, all to its goal.
-- $1 chunk, $2 connection.
WITH done AS (
    UPDATE entities e
       SET campaign_id = n.campaign_id, goal = n.goal, updated_at = now()
      FROM (SELECT x.id, c.id AS campaign_id, c.goal
              FROM entities x
              LEFT JOIN entities p ON p.id = x.parent_id AND p.level = 'adset'
              JOIN entities c ON c.id = coalesce(p.campaign_id, x.campaign_id)
             WHERE x.connection_id = $2::uuid AND x.level <> 'campaign' AND x.vanished_at IS NULL
               AND (x.campaign_id, x.goal) IS DISTINCT FROM (c.id, c.goal)
               AND NOT EXISTS (SELECT 1 FROM chunk_entities s
                                WHERE s.chunk_id = $1::uuid AND s.external_id = x.external_id)) n
     WHERE e.id = n.id
    RETURNING 1)
UPDATE chunk_cursor SET updated = updated + (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
