-- Chunks of runs that wait for just these. Somebody who waits, or insists, gets a whole listing. $1 runs, $2 how far each
-- was planned, $3 kinds, $4 from, $5 to, $6 places, $7 whether it asks for the account's totals, $8 expected calls. Open is
-- said as not closed, so that the planner, whose statistics are of a quiet hour, does not take all open chunks for few.
INSERT INTO sync_chunks (run_id, connection_id, kind, date_from, date_to, ordinal, totals, pages, since)
SELECT r.id, r.connection_id, p.kind, p.date_from, p.date_to, p.ordinal, p.totals, p.pages,
       CASE WHEN p.kind = 'entities' THEN entities_since(r.connection_id, r.interactive OR r.force) END
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::date[], $6::int[], $7::boolean[], $8::bigint[])
       p (run_id, was, kind, date_from, date_to, ordinal, totals, pages)
  JOIN sync_runs r ON r.id = p.run_id AND r.status IN ('queued', 'running') AND r.planned = p.was
  AND NOT EXISTS (SELECT 1 FROM sync_chunks o WHERE o.run_id = r.id AND o.status NOT IN ('done', 'dead', 'cancelled'))
 ORDER BY r.id, p.ordinal
