-- What an answer said of a scope. A block is never shortened. A refusal that does not say for how long waits for $3 at least,
-- and for twice the last wait when that did not help: when it is over for less than it lasted; an hour at most. Of too many
-- calls those made until then, but for the refused ones, are what is allowed; refused again within a day, less than that.
-- What is refused during a block was under way when that was told.
-- $1 scope, $2 milliseconds that are stated, $3 milliseconds to wait at first when none are, $4 milliseconds in which there
-- were too many calls; each 0 = no. => milliseconds until the block's end, calls allowed in a window (null: not known)
UPDATE provider_blocks b
   SET (blocked_until, backoff_ms, allowed, learned_at) =
       (SELECT greatest(b.blocked_until, n.at + greatest($2::bigint, least(w.backoff_ms * (1 + random() / 4), w.most))
                                                * interval '1 millisecond'),
               CASE WHEN $3::bigint > 0 THEN w.backoff_ms ELSE b.backoff_ms END,
               CASE WHEN $4::bigint = 0 THEN b.allowed
                    WHEN n.blocked AND b.allowed IS NOT NULL THEN b.allowed - 1
                    ELSE least(m.calls - 1, CASE WHEN b.learned_at > n.at - interval '1 day' THEN b.allowed * 3 / 4 END) END,
               CASE WHEN $4::bigint = 0 OR (n.blocked AND b.allowed IS NOT NULL) THEN b.learned_at ELSE n.at END
          FROM (SELECT c.at, c.at < b.blocked_until AS blocked,
                       c.at < b.blocked_until + b.backoff_ms * interval '1 millisecond' AS again
                  FROM (SELECT clock_timestamp() AS at) c) n
         CROSS JOIN LATERAL (SELECT v.most, least(v.most, greatest($3::bigint, CASE WHEN n.blocked THEN b.backoff_ms
                                                                                    WHEN n.again THEN 2 * b.backoff_ms END))
                                            * sign($3::bigint) AS backoff_ms
                               FROM (SELECT greatest($3::bigint, 3600000) AS most) v) w
         CROSS JOIN LATERAL (SELECT coalesce(sum(l.calls), 0)::bigint AS calls FROM call_ledger l
                              WHERE l.scope = $1 AND l.bucket > n.at - $4::bigint * interval '1 millisecond') m)
 WHERE b.scope = $1
RETURNING greatest(0, ceil(extract(epoch FROM b.blocked_until - clock_timestamp()) * 1000))::bigint, calls_allowed(b)
