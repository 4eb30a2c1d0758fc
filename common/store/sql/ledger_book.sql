-- One call that is about to be made, in both scopes; always in this order, and last in its transaction: all who call for
-- the app in one second share a row. The answer is that second, which ledger_unbook is told; none: the connection is held.
-- The chunk by its id alone (OFFSET): for its status PostgreSQL would read through the index of all open ones. $1 chunk.
INSERT INTO call_ledger AS l (scope, bucket, calls)
SELECT s.scope, n.second, 1
  FROM (SELECT date_trunc('second', clock_timestamp()) AS second) n
  JOIN (SELECT connection_id, status FROM sync_chunks WHERE id = $1::uuid OFFSET 0) c ON c.status = 'running'
  JOIN connections k ON k.id = c.connection_id
 CROSS JOIN LATERAL (VALUES (1, k.provider || ':' || k.external_account_id), (2, k.provider || ':app')) s (place, scope)
 WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE h.connection_id IS NULL OR h.connection_id = k.id)
 ORDER BY s.place
ON CONFLICT (scope, bucket) DO UPDATE SET calls = l.calls + 1
RETURNING extract(epoch FROM l.bucket)::bigint
