-- What belongs to a campaign or ad set of the listing follows it, although the listing need not name it: into another
-- campaign, and to its goal. $1 chunk, $2 connection.
WITH done AS (
    UPDATE entities e
       SET campaign_id = n.campaign_id, goal = n.goal, updated_at = now()
      FROM (SELECT x.id, c.id AS campaign_id, c.goal
              FROM entities x
              LEFT JOIN entities p ON p.id = x.parent_id AND p.level = 'adset'
              JOIN entities c ON c.id = coalesce(p.campaign_id, x.campaign_id)
             WHERE x.connection_id = $2::uuid AND x.level <> 'campaign' AND x.vanished_at IS NULL
               AND EXISTS (SELECT 1 FROM chunk_entities s
                            WHERE s.chunk_id = $1::uuid AND s.external_id IN (c.external_id, p.external_id))
               AND NOT EXISTS (SELECT 1 FROM chunk_entities s
                                WHERE s.chunk_id = $1::uuid AND s.external_id = x.external_id)) n
     WHERE e.id = n.id AND (e.campaign_id, e.goal) IS DISTINCT FROM (n.campaign_id, n.goal)
    RETURNING 1)
UPDATE chunk_cursor SET updated = updated + (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
