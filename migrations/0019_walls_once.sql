-- oldest-program: 0.2.0
-- The workspace that a transaction acts for is read once a statement, not once a row: a tenth of a large ingest went into that. And what
-- hangs on a connection is compared with those of the workspace alone, found by their index, not with all there are.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['entities', 'sync_runs'] LOOP
        EXECUTE format('ALTER POLICY walls ON %I USING (current_user <> ''metricx_api'' OR workspace_id = (SELECT acting_workspace()))'
                       ' WITH CHECK (current_user <> ''metricx_api'' OR (workspace_id = (SELECT acting_workspace())'
                       ' AND connection_id IN (SELECT k.id FROM connections k WHERE k.workspace_id = (SELECT acting_workspace()))))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['metric_facts', 'metric_facts_hourly'] LOOP
        EXECUTE format('ALTER POLICY walls ON %1$I USING (current_user <> ''metricx_api'' OR workspace_id = (SELECT acting_workspace()))'
                       ' WITH CHECK (current_user <> ''metricx_api'' OR (workspace_id = (SELECT acting_workspace()) AND EXISTS ('
                       'SELECT 1 FROM entities e WHERE e.id = %1$I.entity_id AND e.connection_id = %1$I.connection_id)))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['sync_chunks', 'account_days', 'restatements', 'entity_listings', 'connection_limits'] LOOP
        EXECUTE format('ALTER POLICY walls ON %I USING (current_user <> ''metricx_api'''
                       ' OR connection_id IN (SELECT k.id FROM connections k WHERE k.workspace_id = (SELECT acting_workspace())))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['tokens', 'oauth_states'] LOOP
        EXECUTE format('ALTER POLICY walls ON %I USING (current_user <> ''metricx_api'' OR workspace_id = (SELECT acting_workspace()))',
                       name);
    END LOOP;
END $$;
ALTER POLICY walls ON connections USING (current_user <> 'metricx_api' OR workspace_id = (SELECT acting_workspace()))
    WITH CHECK (current_user <> 'metricx_api' OR (workspace_id = (SELECT acting_workspace())
                AND (token_id IS NULL OR token_id IN (SELECT t.id FROM tokens t))));
ALTER POLICY walls ON workspaces USING (current_user <> 'metricx_api' OR id = (SELECT acting_workspace()));
ALTER POLICY walls ON chunk_cursor
    USING (current_user <> 'metricx_api' OR EXISTS (SELECT 1 FROM sync_chunks c WHERE c.id = chunk_cursor.chunk_id));
