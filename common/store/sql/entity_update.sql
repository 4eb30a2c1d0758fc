-- Entities that differ, compared by value; a parent that the listing does not name stays. One level at a time, from the
-- top: ad sets and ads inherit the goal that their campaign has by now. $1 chunk, $2 connection, $3 level.
WITH done AS (
    UPDATE entities e
       SET (level, parent_id, campaign_id, name, status, configured_status, objective, goal, daily_budget, lifetime_budget,
            external_created_at, external_updated_at, details, vanished_at, updated_at) =
           (n.level, coalesce(n.parent_id, e.parent_id), coalesce(n.campaign_id, e.campaign_id), n.name, n.status,
            n.configured_status, n.objective, n.inherited_goal, n.daily_budget, n.lifetime_budget, n.external_created_at,
            n.external_updated_at, n.details, NULL, now())
      FROM (SELECT s.*, p.id AS parent_id, c.id AS campaign_id, coalesce(s.goal, c.goal) AS inherited_goal
              FROM chunk_entities s
              LEFT JOIN entities p ON p.connection_id = $2::uuid AND p.external_id = s.parent_external_id
              LEFT JOIN entities c ON c.connection_id = $2::uuid AND c.external_id = s.campaign_external_id
             WHERE s.chunk_id = $1::uuid AND s.level = $3) n
     WHERE e.connection_id = $2::uuid AND e.external_id = n.external_id
       AND (e.level, e.parent_id, e.campaign_id, e.name, e.status, e.configured_status, e.objective, e.goal,
            e.daily_budget, e.lifetime_budget, e.external_created_at, e.external_updated_at, e.details, e.vanished_at)
           IS DISTINCT FROM
           (n.level, coalesce(n.parent_id, e.parent_id), coalesce(n.campaign_id, e.campaign_id), n.name, n.status,
            n.configured_status, n.objective, n.inherited_goal, n.daily_budget, n.lifetime_budget, n.external_created_at,
            n.external_updated_at, n.details, NULL)
    RETURNING 1)
UPDATE chunk_cursor SET updated = updated + (SELECT count(*) FROM done) WHERE chunk_id = $1::uuid
