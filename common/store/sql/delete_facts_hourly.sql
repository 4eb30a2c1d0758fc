-- $1 a connection or $2 a workspace, $3 how many.
DELETE FROM metric_facts_hourly
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM metric_facts_hourly WHERE connection_id IN
       (SELECT id FROM connections WHERE id = $1::uuid OR workspace_id = $2::uuid) LIMIT $3::int))
