-- Runs that wait for planning, with what is known of their accounts. $1 how many, $2 days to look back.
SELECT w.id, w.connection_id, w.kind, w.granularity, w.timezone, w.provider, w.planned, w.force, w.asked_from,
       w.asked_to, w.settings ->> 'backfill_days', w.settings ->> 'restate_days',
       CASE WHEN w.kind <> 'entities' THEN coalesce(
            (SELECT ceil(avg(d.rows))::bigint FROM account_days d
              WHERE d.connection_id = w.connection_id AND d.granularity = w.granularity AND d.rows > 0
                AND d.event_date > current_date - 31),
            (SELECT count(*) * CASE w.granularity WHEN 'hour' THEN 24 ELSE 1 END FROM entities e
              WHERE e.connection_id = w.connection_id AND e.level = 'ad' AND e.vanished_at IS NULL
                AND e.status IS DISTINCT FROM 'DELETED' AND e.status IS DISTINCT FROM 'ARCHIVED')) END,
       CASE WHEN w.kind <> 'entities' AND w.asked_from IS NULL THEN
            (SELECT string_agg((d.event_date - date '1970-01-01') || ':'
                               || coalesce((extract(epoch FROM d.read_at) * 1000)::bigint, 0), ',' ORDER BY d.event_date)
               FROM account_days d
              WHERE d.connection_id = w.connection_id AND d.granularity = w.granularity
                AND d.event_date >= current_date - $2::int) END
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
 ORDER BY w.interactive DESC, w.created_at, w.id
