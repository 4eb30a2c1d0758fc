-- An equal open run, the same id or the same due time is there already, or too many others are open that were asked for:
-- nothing. What is due is never too much. $1 id, $2 connection, $3 kind, $4 trigger,
-- $5 granularity, $6 from, $7 to, $8 force, $9 interactive, $10 due at, $11 how many may be open.
INSERT INTO sync_runs (id, workspace_id, connection_id, kind, trigger, granularity, asked_from, asked_to, force,
                       interactive, due_at)
SELECT $1::uuid, k.workspace_id, k.id, $3, $4, $5, $6::date, $7::date, $8::boolean, $9::boolean, $10::timestamptz
  FROM connections k
 WHERE k.id = $2::uuid AND k.deleted_at IS NULL
   AND ($10::timestamptz IS NOT NULL
        OR $11::bigint > (SELECT count(*) FROM sync_runs o
                           WHERE o.connection_id = k.id AND o.status IN ('queued', 'running') AND NOT o.reopened))
ON CONFLICT DO NOTHING
