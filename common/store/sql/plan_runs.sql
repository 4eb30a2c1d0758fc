-- Runs that wait for planning, with what is known of their accounts. $1 how many, $2 days to look back.
SELECT w.id, w.connection_id, w.kind, w.granularity, w.timezone, w.provider, w.planned, w.force, w.asked_from,
       w.asked_to, w.settings ->> 'backfill_days', w.settings ->> 'restate_days', a.rows_per_day, a.known,
       coalesce(a.learned, false), x.oldest, x.chunks,
       (SELECT min(setting_number(o.settings, 'calls_per_window')) FROM connections o
         WHERE o.provider = w.provider AND o.external_account_id = w.external_account_id AND o.deleted_at IS NULL),
       (extract(epoch FROM now()) * 1000)::bigint
  FROM (SELECT r.*, k.timezone, k.provider, k.external_account_id, k.settings
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
  LEFT JOIN LATERAL (SELECT min(c.date_from) AS oldest, count(*) AS chunks FROM sync_chunks c
                      WHERE c.run_id = w.id AND c.kind = 'metrics' AND NOT c.totals) x ON w.planned = 'sample'
 ORDER BY w.interactive DESC, w.created_at, w.id
