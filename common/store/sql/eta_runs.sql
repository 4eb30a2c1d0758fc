-- Runs under way, people's first, with what is left of each: calls of the high lane, those that must follow each other,
-- milliseconds of a call of late, calls of the other lanes, and those that must be allowed for it to go on: one where a
-- slice is begun, else all of the next one; calls that refusals taught; whether it is held. A page that is being read counts
-- as left. What is not planned yet counts as if it were one slice. Open as in plan_chunks.sql.
-- $1 how many, $2 rows of a page of facts, $3 rows of a page of a listing.
SELECT r.id, r.provider, r.external_account_id, r.calls_per_window,
       l.high + CASE WHEN r.interactive THEN l.unplanned ELSE 0 END,
       greatest(l.entities, l.totals, l.longest)
           + least(20, l.unplanned),
       a.call_ms, l.entities + l.totals + l.facts - l.high + CASE WHEN r.interactive THEN 0 ELSE l.unplanned END,
       l.next, (SELECT calls_allowed(b) FROM provider_blocks b WHERE b.scope = r.provider || ':' || r.external_account_id),
       EXISTS (SELECT 1 FROM holds h WHERE h.connection_id IS NULL OR h.connection_id = r.connection_id)
  FROM (SELECT o.*, k.provider, k.external_account_id,
               (SELECT min(setting_number(x.settings, 'calls_per_window')) FROM connections x
                 WHERE x.provider = k.provider AND x.external_account_id = k.external_account_id
                   AND x.deleted_at IS NULL) AS calls_per_window,
               CASE WHEN o.kind <> 'entities' AND o.planned <> 'all' THEN coalesce(o.date_to - o.date_from + 1, 0)
                    ELSE 0 END AS unplanned
          FROM sync_runs o JOIN connections k ON k.id = o.connection_id
         WHERE o.finished_at IS NULL AND o.status = 'running'
         ORDER BY o.interactive DESC, o.created_at, o.id
         LIMIT $1::int) r
 CROSS JOIN LATERAL (
       SELECT greatest(1, coalesce((SELECT n.rows_per_day FROM account_knowledge(r.connection_id, r.granularity, 0) n), 1)) AS rows,
              (SELECT (extract(epoch FROM sum(c.finished_at - c.started_at)) * 1000 / sum(c.calls))::bigint
                 FROM (SELECT d.finished_at, d.started_at, d.calls FROM sync_chunks d
                        WHERE d.run_id = r.id AND d.status = 'done' AND d.calls > 0 AND d.attempts = 0
                        ORDER BY d.finished_at DESC LIMIT 20) c) AS call_ms,
              (SELECT sum(ceil(e.known::numeric / $3::bigint)) FROM (
                      SELECT count(*) AS known FROM entities e
                       WHERE e.connection_id = r.connection_id AND e.vanished_at IS NULL GROUP BY e.level) e) AS listings) a
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(x.pages) FILTER (WHERE x.kind = 'entities'), 0) AS entities,
              coalesce(sum(x.pages) FILTER (WHERE x.totals), 0) AS totals,
              coalesce(sum(x.pages) FILTER (WHERE x.kind = 'metrics' AND NOT x.totals), 0) AS facts,
              coalesce(max(x.pages) FILTER (WHERE x.kind = 'metrics' AND NOT x.totals), 0) AS longest,
              coalesce(min(CASE WHEN x.begun THEN 1 ELSE x.pages END), 1) AS next,
              coalesce(sum(x.pages) FILTER (WHERE x.lane = 'high'), 0) AS high,
              CASE WHEN r.unplanned > 0 THEN ceil(r.unplanned * a.rows::numeric / $2::bigint) ELSE 0 END AS unplanned
         FROM (SELECT c.kind, c.totals, chunk_lane(r.interactive, r.trigger, c.ordinal) AS lane,
                      c.status = 'running' OR u.page > 1 AS begun,
                      greatest(1, CASE WHEN u.lookups IS NOT NULL THEN cardinality(u.lookups) + u.lookups_page - 1
                                       WHEN c.since IS NOT NULL THEN 3
                                       WHEN c.kind = 'entities' THEN greatest(3, coalesce(a.listings, 3))
                                       WHEN c.totals THEN 1
                                       ELSE ceil((c.date_to - c.date_from + 1) * a.rows::numeric / $2::bigint) END
                                  - (coalesce(u.page, 1) - 1)) AS pages
                 FROM sync_chunks c LEFT JOIN chunk_cursor u ON u.chunk_id = c.id
                WHERE c.run_id = r.id AND c.status NOT IN ('done', 'dead', 'cancelled')) x) l
 ORDER BY r.interactive DESC, r.created_at, r.id
