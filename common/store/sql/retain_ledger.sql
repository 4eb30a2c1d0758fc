-- The longest window is a day. $1 how many.
DELETE FROM call_ledger
 WHERE (scope, bucket) IN (SELECT scope, bucket FROM call_ledger WHERE bucket < now() - interval '25 hours' LIMIT $1::int)
