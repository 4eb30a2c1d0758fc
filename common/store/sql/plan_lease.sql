-- $1 holder, $2 milliseconds. No row: somebody else holds it. One that ends later than it may was taken by a clock that ran
-- ahead and was set right since; twice as long, for transactions that began before it and waited.
INSERT INTO scheduler_lease AS l (holder, since, until)
VALUES ($1, now(), now() + $2::bigint * interval '1 millisecond')
ON CONFLICT (only_row) DO UPDATE
   SET holder = excluded.holder, until = excluded.until,
       since = CASE WHEN l.holder = excluded.holder AND l.until > now() THEN l.since ELSE excluded.since END
 WHERE l.holder = excluded.holder OR l.until <= now() OR l.until > excluded.until + $2::bigint * interval '1 millisecond'
RETURNING (extract(epoch FROM since) * 1000)::bigint
