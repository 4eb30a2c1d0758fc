-- A call that was booked a moment ago was never granted. Any call of the last minute may stand for it: the oldest one, so that
-- what is left is never older than it was. In the order of ledger_book. $1 chunk.
WITH booked AS (
    SELECT l.scope, l.bucket
      FROM sync_chunks c
      JOIN connections k ON k.id = c.connection_id
     CROSS JOIN LATERAL (VALUES (1, k.provider || ':' || k.external_account_id), (2, k.provider || ':app')) s (place, scope)
      JOIN call_ledger l ON l.scope = s.scope
       AND l.bucket = (SELECT min(o.bucket) FROM call_ledger o
                        WHERE o.scope = s.scope AND o.calls > 0 AND o.bucket > clock_timestamp() - interval '1 minute')
     WHERE c.id = $1::uuid
     ORDER BY s.place
       FOR UPDATE OF l)
UPDATE call_ledger l SET calls = l.calls - 1
  FROM booked b WHERE l.scope = b.scope AND l.bucket = b.bucket AND l.calls > 0
