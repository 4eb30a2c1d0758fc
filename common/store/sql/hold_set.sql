-- Held already: since then, for another reason. $1 connection or null for all, $2 reason.
INSERT INTO holds AS h (connection_id, reason)
SELECT $1::uuid, $2
 WHERE $1::uuid IS NULL OR EXISTS (SELECT 1 FROM connections k WHERE k.id = $1::uuid AND k.deleted_at IS NULL)
ON CONFLICT (connection_id) DO UPDATE SET reason = excluded.reason
