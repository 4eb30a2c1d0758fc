-- The connection that was named, or the only one. $1 workspace.
WITH known AS (
    SELECT k.id, k.provider, k.timezone, k.currency, count(*) OVER (PARTITION BY k.provider) AS of_provider
      FROM connections k
     WHERE k.workspace_id = $1::uuid AND k.deleted_at IS NULL)
INSERT INTO ingest_homes (provider, asked, connection_id, zone, currency, message)
SELECT i.provider, coalesce(i.connection_id, '00000000-0000-0000-0000-000000000000'), k.id, k.timezone, k.currency,
       CASE WHEN k.id IS NOT NULL THEN NULL
            WHEN i.connection_id IS NOT NULL THEN 'is no connection of this workspace to ' || i.provider
            WHEN EXISTS (SELECT 1 FROM known x WHERE x.provider = i.provider)
            THEN 'is required: this workspace has several connections to ' || i.provider
            ELSE 'is required, or currency: this workspace has no connection to ' || i.provider || ' yet'
       END
  FROM (SELECT DISTINCT provider, connection_id FROM ingest) i
  LEFT JOIN known k ON k.provider = i.provider AND (k.id = i.connection_id OR (i.connection_id IS NULL AND k.of_provider = 1))
