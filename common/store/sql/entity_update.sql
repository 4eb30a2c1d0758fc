-- Entities that differ, compared by value; what the listing does not tell stays: a parent, and without details also
-- objective and budgets. One level at a time, from the top: ad sets and ads inherit the goal that their campaign has by
-- now. $1 chunk, $2 connection, $3 level.
WITH done AS (
    UPDATE entities e
       SET (level, parent_id, campaign_id, name, status, configured_status, objective, goal, daily_budget, lifetime_budget,
            external_created_at, external_updated_at, details, vanished_at, updated_at) =
           (n.level, coalesce(n.parent_id, e.parent_id), coalesce(n.campaign_id, e.campaign_id), n.name, n.status,
            n.configured_status, n.objective, n.inherited_goal, n.daily_budget, n.lifetime_budget, n.external_created_at,
            n.external_updated_at, n.details, NULL, now())
      FROM (SELECT s.external_id, s.level, s.name, s.status, s.configured_status, s.external_created_at,
                   s.external_updated_at, p.id AS parent_id, c.id AS campaign_id,
                   CASE WHEN few THEN o.objective ELSE s.objective END AS objective,
                   coalesce(s.goal, c.goal, CASE WHEN few THEN o.goal END) AS inherited_goal,
                   CASE WHEN few THEN o.daily_budget ELSE s.daily_budget END AS daily_budget,
                   CASE WHEN few THEN o.lifetime_budget ELSE s.lifetime_budget END AS lifetime_budget,
                   CASE WHEN few THEN o.details - 'stub' ELSE s.details END AS details
              FROM chunk_entities s
              JOIN entities o ON o.connection_id = $2::uuid AND o.external_id = s.external_id
             CROSS JOIN LATERAL (SELECT s.details IS NULL) f (few)
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
