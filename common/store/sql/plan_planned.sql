-- What is planned of these runs by now. $1 runs, $2 how far each was planned, $3 how far it is now, $4 first day, $5 last
-- day, $6 error code and $7 error of those that cannot be planned.
UPDATE sync_runs r
   SET planned = p.stage,
       date_from = least(r.date_from, p.date_from), date_to = greatest(r.date_to, p.date_to),
       error_code = coalesce(p.error_code, r.error_code), error = coalesce(p.error, r.error)
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::date[], $6::text[], $7::text[])
       p (run_id, was, stage, date_from, date_to, error_code, error)
 WHERE r.id = p.run_id AND r.status IN ('queued', 'running') AND r.planned = p.was
