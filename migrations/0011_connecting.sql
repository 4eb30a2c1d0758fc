-- oldest-program: 0.2.0
-- Connecting by HTTP: deleted workspaces are hidden at once, tokens are looked at daily, logins at a provider come back once.

ALTER TABLE workspaces ADD COLUMN deleted_at timestamptz; -- hidden at once; goes when its connections are gone
CREATE INDEX workspaces_hidden ON workspaces (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX connections_hidden ON connections (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE OR REPLACE FUNCTION workspace_enter(workspace uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('metricx.workspace', workspace::text, true);
    IF NOT EXISTS (SELECT 1 FROM workspaces WHERE id = workspace AND deleted_at IS NULL) THEN
        RAISE EXCEPTION 'there is no such workspace' USING ERRCODE = 'MX005';
    END IF;
END $$;

-- A connection without a token has nothing to sync with.
CREATE FUNCTION connection_status_set(connection uuid, fresh text, reason text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    source text;
BEGIN
    SELECT token_source INTO source FROM connections WHERE id = connection AND deleted_at IS NULL FOR UPDATE;
    IF fresh = 'active' AND source = 'none' THEN
        RAISE EXCEPTION 'connection % has no token; give it one', connection USING ERRCODE = 'MX003';
    END IF;
    UPDATE connections SET status = fresh, status_reason = reason, error_code = NULL WHERE id = connection AND source IS NOT NULL;
    RETURN (SELECT id FROM connections WHERE id = connection AND source IS NOT NULL);
END $$;

-- An account whose connection is being removed cannot be connected at this moment.
CREATE FUNCTION connection_not_leaving(workspace uuid, platform text, account text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM connections WHERE workspace_id = workspace AND provider = platform AND external_account_id = account
                  AND deleted_at IS NOT NULL) THEN
        RAISE EXCEPTION '% is being deleted; connect it again when that is done', account USING ERRCODE = 'MX003';
    END IF;
END $$;

ALTER TABLE tokens ADD COLUMN next_check_at timestamptz NOT NULL DEFAULT now(); -- when the provider is asked again how it stands
CREATE INDEX tokens_check ON tokens (next_check_at);

-- How the token of a connection stands, in one word: none, env (the environment's), refused, expired, expiring (within a week), good.
CREATE FUNCTION connection_token_state(status text, source text, ends timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN source <> 'stored' THEN source
                WHEN status = 'needs_reauth' THEN 'refused'
                WHEN ends <= now() THEN 'expired'
                WHEN ends <= now() + interval '7 days' THEN 'expiring'
                ELSE 'good' END
$$;

-- Logins that were begun: the hash of each one's state, until it comes back or ten minutes have passed.
CREATE TABLE oauth_states (
    hash         text PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX oauth_states_expired ON oauth_states (expires_at);
ALTER TABLE oauth_states ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY walls ON oauth_states USING (current_user <> 'metricx_api' OR workspace_id = acting_workspace());
