-- Where the workspace has no connection of a provider at all, one that is never synced. $1 workspace.
INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_source)
SELECT DISTINCT ON (i.provider) $1::uuid, i.provider, 'ingest', 'ingest', i.currency, 'UTC', 'none'
  FROM ingest_names i
 WHERE i.connection_id IS NULL AND i.currency IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM connections k WHERE k.workspace_id = $1::uuid AND k.provider = i.provider)
 ORDER BY i.provider, i.name
ON CONFLICT DO NOTHING
