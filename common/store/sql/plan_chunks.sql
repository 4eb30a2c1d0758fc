-- Chunks of runs that wait for just these. $1 runs, $2 kinds, $3 from, $4 to, $5 places.
INSERT INTO sync_chunks (run_id, connection_id, kind, date_from, date_to, ordinal)
SELECT r.id, r.connection_id, p.kind, p.date_from, p.date_to, p.ordinal
  FROM unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::int[]) p (run_id, kind, date_from, date_to, ordinal)
  JOIN sync_runs r ON r.id = p.run_id AND r.status IN ('queued', 'running')
   AND CASE WHEN p.kind = 'entities' THEN r.kind <> 'metrics' AND r.planned = 'nothing'
            ELSE r.planned = CASE r.kind WHEN 'metrics' THEN 'nothing' ELSE 'first' END END
 ORDER BY r.id, p.ordinal
