-- The budgets that there may be: of every platform's app and of connected accounts, those first of which the provider wants
-- no calls, then those with open runs.
SELECT b.scope
  FROM (SELECT DISTINCT provider || ':app' AS scope, 0 AS place FROM connections WHERE deleted_at IS NULL
         UNION ALL
        SELECT k.provider || ':' || k.external_account_id,
               min(CASE WHEN p.scope IS NOT NULL THEN 1 WHEN r.connection_id IS NOT NULL THEN 2 ELSE 3 END)
          FROM connections k
          LEFT JOIN provider_blocks p ON p.scope = k.provider || ':' || k.external_account_id AND p.blocked_until > now()
          LEFT JOIN (SELECT DISTINCT connection_id FROM sync_runs WHERE finished_at IS NULL AND status IN ('queued', 'running')) r
                 ON r.connection_id = k.id
         WHERE k.deleted_at IS NULL
         GROUP BY k.provider, k.external_account_id) b
 ORDER BY b.place, b.scope
 LIMIT 100
