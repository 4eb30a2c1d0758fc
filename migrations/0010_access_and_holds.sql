-- oldest-program: 0.2.0
-- Access that was lost comes back by itself, and work can be held.

-- When a connection whose token or access was refused, or whose account is closed, is asked for again (null: at once), and
-- how often it was asked for since its last sync.
ALTER TABLE connections ADD COLUMN access_check_at timestamptz;
ALTER TABLE connections ADD COLUMN access_checks int NOT NULL DEFAULT 0;
CREATE INDEX connections_access ON connections (access_check_at NULLS FIRST)
    WHERE status IN ('needs_reauth', 'no_access', 'disabled') AND deleted_at IS NULL;

-- How long access is left alone after so many checks: 5 minutes at first, twice as long each time, 6 hours at most.
CREATE FUNCTION access_pause(checks int) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT least(300 * 2 ^ least(checks, 10), 21600) * interval '1 second'
$$;

-- How far a run was planned when its connection was refused: from there it is taken up again.
ALTER TABLE sync_runs ADD COLUMN planned_before text;

-- Work that an operator holds, of one connection or (null) all of it: no call starts.
CREATE TABLE holds (
    connection_id uuid REFERENCES connections ON DELETE CASCADE,
    reason        text NOT NULL CHECK (reason <> ''),
    since         timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (connection_id)
);

-- MX003: there is nothing to do for this chunk now.
CREATE OR REPLACE FUNCTION chunk_openable(chunk uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    word text;
BEGIN
    PERFORM 1 FROM sync_chunks WHERE id = chunk FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no chunk %', chunk USING ERRCODE = 'MX003';
    END IF;
    SELECT CASE WHEN c.status NOT IN ('queued', 'running') THEN 'chunk ' || chunk || ' is ' || c.status
                WHEN r.status NOT IN ('queued', 'running') THEN 'run ' || r.id || ' is ' || r.status
                WHEN k.deleted_at IS NOT NULL THEN 'connection ' || k.id || ' is deleted'
                WHEN k.status <> 'active' THEN 'connection ' || k.id || ' is ' || k.status
                WHEN k.token_source = 'none' OR (k.token_source = 'stored' AND k.token_id IS NULL)
                THEN 'connection ' || k.id || ' has no token'
                WHEN EXISTS (SELECT 1 FROM holds h WHERE h.connection_id IS NULL OR h.connection_id = k.id)
                THEN 'connection ' || k.id || ' is held' END
      INTO word
      FROM sync_chunks c JOIN sync_runs r ON r.id = c.run_id JOIN connections k ON k.id = c.connection_id
     WHERE c.id = chunk;
    IF word IS NOT NULL THEN
        RAISE EXCEPTION '%', word USING ERRCODE = 'MX003';
    END IF;
END $$;

-- MX003: work of this account is held. Of questions outside of chunks, whose account may not be connected.
CREATE FUNCTION account_must_be_free(account_scope text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    word text;
BEGIN
    SELECT h.reason INTO word FROM holds h LEFT JOIN connections k ON k.id = h.connection_id
     WHERE h.connection_id IS NULL
        OR (k.provider || ':' || k.external_account_id = account_scope AND k.deleted_at IS NULL)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'calls are held: %', word USING ERRCODE = 'MX003';
    END IF;
END $$;

-- MX003: the token that a call was refused with is not the connection's any more; that says nothing of the new one.
CREATE FUNCTION connection_token_must_be(connection uuid, token text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM connections k LEFT JOIN tokens t ON t.id = k.token_id AND k.token_source = 'stored'
     WHERE k.id = connection AND t.access_token_enc IS NOT DISTINCT FROM token;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'connection % has another token by now', connection USING ERRCODE = 'MX003';
    END IF;
END $$;
