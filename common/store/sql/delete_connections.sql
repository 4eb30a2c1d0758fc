-- The rows themselves, and tokens that nobody else uses. $1 a connection or $2 a workspace.
WITH gone AS (
    DELETE FROM connections WHERE id = $1::uuid OR workspace_id = $2::uuid RETURNING id, token_id)
DELETE FROM tokens t
 WHERE t.id IN (SELECT token_id FROM gone)
   AND NOT EXISTS (SELECT 1 FROM connections k WHERE k.token_id = t.id AND k.id NOT IN (SELECT id FROM gone))
