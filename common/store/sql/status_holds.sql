-- What is held, all work first.
SELECT h.connection_id, k.external_account_id, h.reason, to_char(h.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
  FROM holds h LEFT JOIN connections k ON k.id = h.connection_id
 WHERE k.deleted_at IS NULL
 ORDER BY h.connection_id IS NOT NULL, h.since
 LIMIT 100
