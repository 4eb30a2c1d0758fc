-- Runs that wait for planning, with what is known of their accounts. $1 how many, $2 days to look back.
SELECT w.id, w.connection_id, w.kind, w.granularity, w.timezone, w.provider, w.planned, w.force, w.asked_from,
       w.asked_to, w.settings ->> 'backfill_days', w.settings ->> 'restate_days', a.rows_per_day, a.known,
       coalesce(a.learned, false),
       CASE WHEN w.planned = 'sample' THEN (SELECT c.date_from FROM sync_chunks c
                                             WHERE c.run_id = w.id AND c.kind = 'metrics' AND NOT c.totals) END,
       (SELECT l.days_limit FROM limits_now(w.connection_id, w.granularity) l)
  FROM (SELECT r.*, k.timezone, k.provider, k.settings
          FROM (SELECT * FROM sync_runs o
                 WHERE o.status IN ('queued', 'running') AND o.planned <> 'all'
                   AND (SELECT c.status = 'active' AND c.deleted_at IS NULL FROM connections c WHERE c.id = o.connection_id)
                   AND (o.planned = 'nothing'
                        OR NOT EXISTS (SELECT 1 FROM sync_chunks c
                                        WHERE c.run_id = o.id AND c.status IN ('queued', 'running')))
                 ORDER BY o.interactive DESC, o.created_at, o.id
                 LIMIT $1::int) r
          JOIN connections k ON k.id = r.connection_id) w
  LEFT JOIN LATERAL account_knowledge(w.connection_id, w.granularity, $2::int) a ON w.kind <> 'entities'
 ORDER BY w.interactive DESC, w.created_at, w.id
