-- Somebody waits for a run that was scheduled, or wants one forced that is not planned yet: it becomes so.
-- $1 connection, $2 kind, $3 granularity, $4 from, $5 to, $6 force, $7 interactive.
UPDATE sync_runs r
   SET interactive = r.interactive OR $7::boolean, force = r.force OR ($6::boolean AND r.planned = 'nothing')
 WHERE r.connection_id = $1::uuid AND r.kind = $2 AND r.granularity = $3
   AND r.asked_from IS NOT DISTINCT FROM $4::date AND r.asked_to IS NOT DISTINCT FROM $5::date
   AND r.status IN ('queued', 'running') AND NOT r.reopened
   AND (($7::boolean AND NOT r.interactive) OR ($6::boolean AND NOT r.force AND r.planned = 'nothing'))
