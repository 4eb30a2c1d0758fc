-- The connection that was named, or the only one; days and hours are those of its zone. $1 workspace.
WITH known AS (
    SELECT k.id, k.provider, k.timezone, k.currency, count(*) OVER (PARTITION BY k.provider) AS of_provider
      FROM connections k
     WHERE k.workspace_id = $1::uuid AND k.deleted_at IS NULL)
UPDATE ingest i
   SET connection_id = f.id, zone = f.timezone, currency = coalesce(i.currency, f.currency), field = f.field, message = f.message,
       event_date = coalesce(i.event_date, (i.event_at AT TIME ZONE f.timezone)::date),
       hour = CASE WHEN i.hourly THEN extract(hour FROM i.event_at AT TIME ZONE f.timezone)::smallint END
  FROM (
        SELECT a.n, k.id, k.timezone, k.currency,
               CASE WHEN k.id IS NULL THEN 'connection_id' END AS field,
               CASE WHEN k.id IS NOT NULL THEN NULL
                    WHEN a.connection_id IS NOT NULL THEN 'is no connection of this workspace to ' || a.provider
                    WHEN EXISTS (SELECT 1 FROM known x WHERE x.provider = a.provider)
                    THEN 'is required: this workspace has several connections to ' || a.provider
                    ELSE 'is required, or currency: this workspace has no connection to ' || a.provider || ' yet'
               END AS message
          FROM ingest a
          LEFT JOIN known k ON k.provider = a.provider
                           AND (k.id = a.connection_id OR (a.connection_id IS NULL AND k.of_provider = 1))) f
 WHERE f.n = i.n
