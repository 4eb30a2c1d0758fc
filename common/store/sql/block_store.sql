-- A block is never shortened. $1 chunk, $2 milliseconds from now, $3 whether it concerns the whole app.
INSERT INTO provider_blocks AS b (scope, blocked_until)
SELECT k.provider || ':' || CASE WHEN $3::boolean THEN 'app' ELSE k.external_account_id END,
       clock_timestamp() + $2::bigint * interval '1 millisecond'
  FROM sync_chunks c JOIN connections k ON k.id = c.connection_id
 WHERE c.id = $1::uuid
ON CONFLICT (scope) DO UPDATE SET blocked_until = greatest(b.blocked_until, excluded.blocked_until)
