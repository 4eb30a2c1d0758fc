-- $1 a connection or $2 a workspace, $3 how many.
DELETE FROM restatements
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM restatements WHERE connection_id IN
       (SELECT id FROM connections WHERE id = $1::uuid OR workspace_id = $2::uuid) LIMIT $3::int))
