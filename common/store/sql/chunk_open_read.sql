-- Everything that a worker needs to go on. $1 chunk.
SELECT c.status, c.run_id, c.connection_id, r.workspace_id, k.provider, k.external_account_id, k.currency, k.timezone,
       c.kind, c.date_from, c.date_to, r.granularity, chunk_lane(r.interactive, r.trigger, c.ordinal), c.epoch, c.attempts,
       c.deliveries,
       u.page, u.cursor, u.rows, c.calls + u.calls, k.token_source, t.access_token_enc, c.error, c.id,
       c.totals, u.totals_at IS NOT NULL, coalesce(u.reread, false), floor(extract(epoch FROM c.since))::bigint,
       u.lookups IS NOT NULL,
       c.kind = 'entities' AND u.lookups IS NULL
           AND EXISTS (SELECT 1 FROM entities e WHERE e.connection_id = c.connection_id AND e.details ? 'stub'
                          AND e.vanished_at IS NULL),
       c.rung, coalesce(c.page_limit, 0), coalesce(c.days_limit, 0),
       coalesce(c.report_id, ''), c.reports_made, c.report_polls, c.report_percent,
       coalesce(extract(epoch FROM now() - c.report_at), 0)::bigint,
       coalesce(extract(epoch FROM now() - c.report_moved_at), 0)::bigint, c.report_ready,
       blocked_ms(k.provider || ':' || k.external_account_id), blocked_ms(k.provider || ':app')
  FROM sync_chunks c
  JOIN sync_runs r ON r.id = c.run_id
  JOIN connections k ON k.id = c.connection_id
  LEFT JOIN chunk_cursor u ON u.chunk_id = c.id
  LEFT JOIN tokens t ON t.id = k.token_id AND k.token_source = 'stored'
 WHERE c.id = $1::uuid
