-- Scheduled runs; one that is there already, or an equal open one, does. $1 connections, $2 kinds, $3 triggers, $4 from,
-- $5 to, $6 due at, $7 granularities.
INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, asked_from, asked_to, due_at, granularity)
SELECT k.workspace_id, k.id, p.kind, p.trigger, p.asked_from, p.asked_to, p.due_at, p.granularity
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::date[], $6::timestamptz[],
              $7::text[])
       p (connection_id, kind, trigger, asked_from, asked_to, due_at, granularity)
  JOIN connections k ON k.id = p.connection_id AND k.status = 'active' AND k.deleted_at IS NULL
 WHERE p.kind IS NOT NULL
 ORDER BY k.id
ON CONFLICT DO NOTHING
