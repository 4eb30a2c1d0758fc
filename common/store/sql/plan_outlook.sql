-- What a run of these wishes would start from: columns as in plan_runs, then entities known by level, milliseconds of a
-- call of late, stubs to look up, and what the provider's refusals taught: the account's calls in a window, and how long account or
-- app are blocked. $1 connection, $2 kind, $3 granularity, $4 first
-- day, $5 last day, $6 force, $7 days to look back, $8 stubs that one listing looks up.
SELECT k.id, k.id, $2, $3, k.timezone, k.provider, 'nothing', $6::boolean, $4::date, $5::date,
       k.settings ->> 'backfill_days', k.settings ->> 'restate_days', a.rows_per_day, a.known, a.learned, NULL, NULL,
       (SELECT min(setting_number(o.settings, 'calls_per_window')) FROM connections o
         WHERE o.provider = k.provider AND o.external_account_id = k.external_account_id AND o.deleted_at IS NULL),
       (extract(epoch FROM now()) * 1000)::bigint,
       (SELECT l.days_limit FROM limits_now(k.id, $3) l),
       (SELECT count(*) FROM entities e WHERE e.connection_id = k.id AND e.vanished_at IS NULL AND e.level = 'campaign'),
       (SELECT count(*) FROM entities e WHERE e.connection_id = k.id AND e.vanished_at IS NULL AND e.level = 'adset'),
       (SELECT count(*) FROM entities e WHERE e.connection_id = k.id AND e.vanished_at IS NULL AND e.level = 'ad'),
       (SELECT (extract(epoch FROM sum(c.finished_at - c.started_at)) * 1000 / sum(c.calls))::bigint
          FROM (SELECT d.finished_at, d.started_at, d.calls FROM sync_chunks d JOIN sync_runs r ON r.id = d.run_id
                 WHERE r.connection_id = k.id AND d.status = 'done' AND d.calls > 0 AND d.attempts = 0
                 ORDER BY d.finished_at DESC LIMIT 20) c),
       (SELECT least(count(*), $8::bigint) FROM entities e JOIN entity_listings l ON l.connection_id = e.connection_id
         WHERE e.connection_id = k.id AND l.read_at IS NOT NULL AND e.details ? 'stub' AND e.vanished_at IS NULL),
       coalesce((SELECT calls_allowed(b) FROM provider_blocks b WHERE b.scope = k.provider || ':' || k.external_account_id), 0),
       (SELECT greatest(0, ceil(extract(epoch FROM max(b.blocked_until) - clock_timestamp()) * 1000))::bigint FROM provider_blocks b
         WHERE b.scope IN (k.provider || ':' || k.external_account_id, k.provider || ':app'))
  FROM connections k
 CROSS JOIN account_knowledge(k.id, $3, $7::int) a
 WHERE k.id = $1::uuid AND k.deleted_at IS NULL
