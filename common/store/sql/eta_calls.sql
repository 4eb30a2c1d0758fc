-- Calls of late of some scopes, oldest first, in groups of a sixtieth of the window. $1 scopes, $2 window in milliseconds.
SELECT n.scope, max(n.age_ms), sum(n.calls)
  FROM (SELECT l.scope, l.calls, (extract(epoch FROM clock_timestamp() - l.bucket) * 1000)::bigint AS age_ms
          FROM call_ledger l
         WHERE l.scope = ANY($1::text[]) AND l.bucket > clock_timestamp() - $2::bigint * interval '1 millisecond') n
 GROUP BY n.scope, n.age_ms / greatest($2::bigint / 60, 1)
 ORDER BY n.scope, 2 DESC
