-- One call outside of chunks, as ledger_book. $1 scope of the account, $2 of the app.
INSERT INTO call_ledger AS l (scope, bucket, calls)
SELECT s.scope, date_trunc('second', clock_timestamp()), 1
  FROM (VALUES (1, $1::text), (2, $2::text)) s (place, scope)
 ORDER BY s.place
ON CONFLICT (scope, bucket) DO UPDATE SET calls = l.calls + 1
