-- What was called lately, with slack for calls that were long under way, in up to 260 groups of a scope, each as young as
-- its youngest call. $1 scopes, $2 their windows in milliseconds. Ages, not instants: Redis has a clock of its own.
SELECT scope, min(age_ms), sum(calls)
  FROM (SELECT s.scope, s.window_ms, l.calls, (extract(epoch FROM clock_timestamp() - l.bucket) * 1000)::bigint AS age_ms
          FROM unnest($1::text[], $2::bigint[]) s (scope, window_ms)
          JOIN call_ledger l ON l.scope = s.scope
               AND l.bucket > clock_timestamp() - (s.window_ms + 300000) * interval '1 millisecond') lately
 GROUP BY scope, age_ms / greatest(window_ms / 240, 1)
