-- oldest-program: 0.2.0
-- Workspaces are walls: the role metricx_api sees and changes the rows of the workspace that its transaction acts for, and none otherwise.

CREATE FUNCTION acting_workspace() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('metricx.workspace', true), '')::uuid
$$;

-- First statement of every transaction of the API.
CREATE FUNCTION workspace_enter(workspace uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('metricx.workspace', workspace::text, true);
    IF NOT EXISTS (SELECT 1 FROM workspaces WHERE id = workspace) THEN
        RAISE EXCEPTION 'there is no such workspace' USING ERRCODE = 'MX005';
    END IF;
END $$;

-- Everybody but that role sees what its grants say. A policy for the role alone would need it to exist, and roles belong to the whole
-- server.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['workspaces', 'tokens', 'connections', 'entities', 'metric_facts', 'metric_facts_hourly', 'sync_runs',
                                'sync_chunks', 'account_days', 'restatements', 'entity_listings', 'connection_limits', 'chunk_cursor'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    -- What a row hangs on must be of the workspace as well: foreign keys look behind the walls.
    FOREACH name IN ARRAY ARRAY['entities', 'sync_runs'] LOOP
        EXECUTE format('CREATE POLICY walls ON %I USING (current_user <> ''metricx_api'' OR workspace_id = acting_workspace())'
                       ' WITH CHECK (current_user <> ''metricx_api'' OR (workspace_id = acting_workspace()'
                       ' AND connection_id IN (SELECT k.id FROM connections k)))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['metric_facts', 'metric_facts_hourly'] LOOP
        EXECUTE format('CREATE POLICY walls ON %1$I USING (current_user <> ''metricx_api'' OR workspace_id = acting_workspace())'
                       ' WITH CHECK (current_user <> ''metricx_api'' OR (workspace_id = acting_workspace() AND EXISTS ('
                       'SELECT 1 FROM entities e WHERE e.id = %1$I.entity_id AND e.connection_id = %1$I.connection_id)))', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['sync_chunks', 'account_days', 'restatements', 'entity_listings', 'connection_limits'] LOOP
        EXECUTE format('CREATE POLICY walls ON %I USING (current_user <> ''metricx_api'''
                       ' OR connection_id IN (SELECT k.id FROM connections k))', name);
    END LOOP;
END $$;
CREATE POLICY walls ON tokens USING (current_user <> 'metricx_api' OR workspace_id = acting_workspace());
CREATE POLICY walls ON connections USING (current_user <> 'metricx_api' OR workspace_id = acting_workspace())
    WITH CHECK (current_user <> 'metricx_api' OR (workspace_id = acting_workspace()
                AND (token_id IS NULL OR token_id IN (SELECT t.id FROM tokens t))));
CREATE POLICY walls ON chunk_cursor USING (current_user <> 'metricx_api' OR chunk_id IN (SELECT c.id FROM sync_chunks c));
CREATE POLICY walls ON workspaces USING (current_user <> 'metricx_api' OR id = acting_workspace());

-- With its reader's rights, else it would show what lies behind the walls.
ALTER VIEW ads_insights SET (security_invoker = true);

-- Pages of a workspace's runs.
CREATE INDEX sync_runs_workspace ON sync_runs (workspace_id, created_at DESC, id DESC);
