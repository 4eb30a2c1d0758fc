-- A call that was never granted is taken out of the second in which it was booked, and of no other: those are calls that
-- others made. In the order of ledger_book. $1 chunk, $2 the second.
WITH booked AS (
    SELECT l.scope, l.bucket
      FROM sync_chunks c
      JOIN connections k ON k.id = c.connection_id
     CROSS JOIN LATERAL (VALUES (1, k.provider || ':' || k.external_account_id), (2, k.provider || ':app')) s (place, scope)
      JOIN call_ledger l ON l.scope = s.scope AND l.bucket = to_timestamp($2::bigint)
     WHERE c.id = $1::uuid
     ORDER BY s.place
       FOR UPDATE OF l)
UPDATE call_ledger l SET calls = l.calls - 1
  FROM booked b WHERE l.scope = b.scope AND l.bucket = b.bucket AND l.calls > 0
