-- What is planned of these runs by now. $1 runs, $2 whether this was their entities job, $3 first day, $4 last day, $5 error
-- code and $6 error of those that cannot be planned.
UPDATE sync_runs r
   SET planned = CASE WHEN p.entities AND r.kind = 'full' AND p.error_code IS NULL THEN 'first' ELSE 'all' END,
       date_from = coalesce(p.date_from, r.date_from), date_to = coalesce(p.date_to, r.date_to),
       error_code = coalesce(p.error_code, r.error_code), error = coalesce(p.error, r.error)
  FROM unnest($1::uuid[], $2::boolean[], $3::date[], $4::date[], $5::text[], $6::text[])
       p (run_id, entities, date_from, date_to, error_code, error)
 WHERE r.id = p.run_id AND r.status IN ('queued', 'running')
   AND CASE WHEN p.error_code IS NOT NULL THEN r.planned <> 'all'
            WHEN p.entities THEN r.kind <> 'metrics' AND r.planned = 'nothing'
            ELSE r.planned = CASE r.kind WHEN 'metrics' THEN 'nothing' ELSE 'first' END END
