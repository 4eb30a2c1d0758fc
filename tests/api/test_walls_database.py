"""The walls that PostgreSQL keeps by itself: what the role metricx_api sees and changes, and that the API serves nothing without them."""
import contextlib
import time

import psycopg2
import psycopg2.errors
import pytest
from servers import Database

KEYLESS = {"schema_migrations"}  # no workspace's
ROWS = """
WITH w AS (INSERT INTO workspaces (name) VALUES (%(name)s) RETURNING id),
t AS (INSERT INTO tokens (workspace_id, provider, access_token_enc) SELECT id, 'meta', 'sealed' FROM w RETURNING id),
k AS (INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_id, token_source)
      SELECT w.id, 'meta', 'act_' || %(name)s, %(name)s, 'EUR', 'UTC', t.id, 'stored' FROM w, t RETURNING id, workspace_id),
e AS (INSERT INTO entities (workspace_id, connection_id, provider, external_id, level, name)
      SELECT workspace_id, id, 'meta', '1', 'ad', %(name)s FROM k RETURNING id, connection_id, workspace_id),
f AS (INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at, currency, source, spend)
      SELECT workspace_id, connection_id, id, 'meta', 'ad', '2026-10-01', '2026-10-01Z', 'EUR', 'sync', 1 FROM e RETURNING 1),
h AS (INSERT INTO metric_facts_hourly (workspace_id, connection_id, entity_id, provider, level, event_date, event_hour, event_at, currency, source, spend)
      SELECT workspace_id, connection_id, id, 'meta', 'ad', '2026-10-01', 1, '2026-10-01 01:00Z', 'EUR', 'sync', 1 FROM e RETURNING 1),
r AS (INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger) SELECT workspace_id, id, 'metrics', 'manual' FROM k RETURNING id, connection_id),
c AS (INSERT INTO sync_chunks (run_id, connection_id, kind, ordinal) SELECT id, connection_id, 'metrics', 0 FROM r RETURNING id),
p AS (INSERT INTO chunk_cursor (chunk_id, epoch, opened_at, saved_at) SELECT id, 0, now(), now() FROM c RETURNING 1),
d AS (INSERT INTO account_days (connection_id, granularity, event_date) SELECT id, 'day', '2026-10-01' FROM k RETURNING 1),
s AS (INSERT INTO restatements (connection_id, entity_id, event_date, column_name) SELECT connection_id, id, '2026-10-01', 'spend' FROM e RETURNING 1),
l AS (INSERT INTO entity_listings (connection_id) SELECT id FROM k RETURNING 1),
m AS (INSERT INTO connection_limits (connection_id, what, rung, learned_at) SELECT id, 'day', 0, now() FROM k RETURNING 1),
o AS (INSERT INTO oauth_states (hash, workspace_id, expires_at) SELECT %(name)s, id, now() FROM w RETURNING 1)
SELECT w.id AS workspace, t.id AS token, k.id AS connection, e.id AS entity, r.id AS run FROM w, t, k, e, r
"""


class Ids:
    def __init__(self, database, name):
        with contextlib.closing(database.server.connect(database.name)) as connection:
            cursor = connection.cursor()
            cursor.execute(ROWS, {"name": name})
            self.workspace, self.token, self.connection, self.entity, self.run = cursor.fetchone()


@pytest.fixture(scope="module")
def walled(postgres, migrated):
    database = Database(postgres, f"walls{time.time_ns()}", migrated.name)
    yield database
    database.drop()


@pytest.fixture(scope="module")
def own(walled):
    return Ids(walled, "own")


@pytest.fixture(scope="module")
def other(walled):
    return Ids(walled, "other")


@pytest.fixture
def acting(walled, own, other):
    """acting(sql, **values, workspace=…): the rows as metricx_api in a transaction that is undone; as own's unless it says otherwise."""
    def run(sql, workspace=own.workspace, **values):
        with contextlib.closing(psycopg2.connect(walled.url)) as connection:
            cursor = connection.cursor()
            cursor.execute("SET ROLE metricx_api")
            if workspace:
                cursor.execute("SELECT set_config('metricx.workspace', %s, true)", (str(workspace),))
            cursor.execute(sql, {"other_" + k: v for k, v in vars(other).items()} | vars(own) | values)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    return run


def tables(walled, privilege):
    """What the role may do it to, at least with one column."""
    return [name for (name,) in walled.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition"
        f" AND has_any_column_privilege('metricx_api', oid, '{privilege}') ORDER BY 1") if name not in KEYLESS]


def test_without_a_workspace_nothing_is_seen(walled, own, other, acting):
    seen = tables(walled, "SELECT")
    assert len(seen) >= 14 and "ads_insights" in seen
    for table in seen:
        whole = walled.query(f"SELECT count(*) FROM {table}")[0][0]
        assert whole >= 2, f"{table}: nothing to be hidden"
        assert acting(f"SELECT count(*) FROM {table}", workspace=None) == [(0,)]
        assert acting(f"SELECT count(*) FROM {table}", workspace="00000000-0000-4000-8000-000000000000") == [(0,)]
        assert acting(f"SELECT count(*) FROM {table}") == [(whole // 2,)]


def test_a_workspace_is_left_with_its_transaction(walled, own):
    with contextlib.closing(walled.server.connect(walled.name)) as connection:
        cursor = connection.cursor()
        cursor.execute("SET ROLE metricx_api")
        for statement in ("BEGIN", "SELECT workspace_enter(%s)", "COMMIT"):
            cursor.execute(statement, (own.workspace,))
        cursor.execute("SELECT count(*) FROM connections")
        assert cursor.fetchone() == (0,)


def test_only_own_rows_are_seen(walled, own, other, acting):
    for table in tables(walled, "SELECT"):
        columns = [c for (c,) in walled.query("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                                              " AND has_column_privilege('metricx_api', attrelid, attnum, 'SELECT')", table)]
        told = str(acting(f"SELECT {', '.join(columns)} FROM {table}"))
        assert not [v for v in vars(other).values() if v in told], table


def test_tokens_are_stored_and_never_read(acting):
    for column in ("access_token_enc", "refresh_token_enc", "*"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            acting(f"SELECT {column} FROM tokens")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        acting("UPDATE tokens SET scopes = ARRAY[access_token_enc]")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        acting("INSERT INTO tokens (workspace_id, provider, access_token_enc) VALUES (%(workspace)s, 'meta', 'x') RETURNING access_token_enc")
    assert acting("INSERT INTO tokens (workspace_id, provider, access_token_enc) VALUES (%(workspace)s, 'meta', 'x')") == 1


INSERTS = {
    "workspaces": "INSERT INTO workspaces (id, name) VALUES (%(w)s, 'x')",
    "tokens": "INSERT INTO tokens (workspace_id, provider, access_token_enc) VALUES (%(w)s, 'meta', 'x')",
    "connections": "INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_source, token_id)"
                   " VALUES (%(w)s, 'meta', 'new', 'x', 'EUR', 'UTC', 'stored', %(t)s)",
    "entities": "INSERT INTO entities (workspace_id, connection_id, provider, external_id, level, name) VALUES (%(w)s, %(c)s, 'meta', 'new', 'ad', 'x')",
    "metric_facts": "INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at, currency, source)"
                    " VALUES (%(w)s, %(c)s, %(e)s, 'meta', 'ad', '2026-10-02', '2026-10-02Z', 'EUR', 'ingest')",
    "metric_facts_hourly": "INSERT INTO metric_facts_hourly (workspace_id, connection_id, entity_id, provider, level, event_date, event_hour,"
                           " event_at, currency, source) VALUES (%(w)s, %(c)s, %(e)s, 'meta', 'ad', '2026-10-02', 1, '2026-10-02Z', 'EUR', 'ingest')",
    "sync_runs": "INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger) VALUES (%(w)s, %(c)s, 'entities', 'manual')",
    "oauth_states": "INSERT INTO oauth_states (hash, workspace_id, expires_at) VALUES ('new', %(w)s, now())",
}


def test_rows_are_put_into_the_own_workspace_only(walled, own, other, acting):
    assert tables(walled, "INSERT") == sorted(INSERTS)
    for table, sql in INSERTS.items():
        mine = {"w": own.workspace, "t": own.token, "c": own.connection, "e": own.entity}
        if table != "workspaces":
            assert acting(sql, **mine) == 1, table
        foreign = {"w": other.workspace, "t": other.token, "c": other.connection, "e": other.entity}
        wrongs = [{**mine, "w": other.workspace}, foreign] + [{**mine, name: foreign[name]} for name in "tce" if f"%({name})s" in sql]
        for values in wrongs:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security|permission denied"):
                acting(sql, **values)
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                acting(sql, workspace=None, **values)


def test_rows_are_changed_and_moved_within_the_own_workspace_only(walled, other, acting):
    moved = 0
    for table in tables(walled, "UPDATE"):
        key = {"workspaces": "id", "sync_chunks": "connection_id"}.get(table, "workspace_id")
        other_key = "%(other_connection)s" if table == "sync_chunks" else "%(other_workspace)s"
        assert acting(f"UPDATE {table} SET {key} = {key}") == 1
        assert acting(f"UPDATE {table} SET {key} = {key} WHERE {key} = {other_key}") == 0
        assert acting(f"UPDATE {table} SET {key} = {key}", workspace=None) == 0
        for change in [f"{key} = {other_key}"] + ["connection_id = %(other_connection)s"] * (
                table in ("entities", "metric_facts", "metric_facts_hourly", "sync_runs")) + ["token_id = %(other_token)s"] * (table == "connections") + [
                    "entity_id = %(other_entity)s"] * table.startswith("metric_facts"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="row-level security"):
                acting(f"UPDATE {table} SET {change}")
            moved += 1
    assert moved >= 12


def test_what_it_need_not_it_cannot(walled, acting):
    allowed = {(table, "DELETE") for table in ("tokens", "oauth_states")}
    for (table,) in walled.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"):
        for privilege in ("DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
            if (table, privilege) not in allowed:
                assert not walled.query("SELECT has_table_privilege('metricx_api', %s, %s)", table, privilege)[0][0], (table, privilege)
    assert acting("DELETE FROM tokens WHERE id = %(other_token)s") == 0
    assert walled.query("SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace") == []
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        acting("CREATE TABLE mine (x int)")


# ---- the API looks at its walls before it serves ----

WRONG = {
    "superuser": ("ALTER ROLE metricx_api SUPERUSER", "ALTER ROLE metricx_api NOSUPERUSER", "superuser or bypasses"),
    "bypasses": ("ALTER ROLE metricx_api BYPASSRLS", "ALTER ROLE metricx_api NOBYPASSRLS", "superuser or bypasses"),
    "owns": ("ALTER TABLE entities OWNER TO metricx_api", "ALTER TABLE entities OWNER TO postgres", "owner of entities"),
    "acts as the owner": ("CREATE ROLE walls_owner; ALTER TABLE entities OWNER TO walls_owner; GRANT walls_owner TO metricx_api",
                          "ALTER TABLE entities OWNER TO postgres; DROP ROLE walls_owner", "owner of entities"),
    "is missing": ("ALTER ROLE metricx_api RENAME TO walls_away", "ALTER ROLE walls_away RENAME TO metricx_api", "no role metricx_api"),
    "walls are not forced": ("ALTER TABLE entities NO FORCE ROW LEVEL SECURITY", "ALTER TABLE entities FORCE ROW LEVEL SECURITY", "entities"),
    "a wall is off": ("ALTER TABLE entities DISABLE ROW LEVEL SECURITY", "ALTER TABLE entities ENABLE ROW LEVEL SECURITY", "entities"),
    "reads a table without walls": ("GRANT SELECT ON run_totals TO metricx_api", "REVOKE SELECT ON run_totals FROM metricx_api", "run_totals"),
    "reads tokens": ("GRANT SELECT ON tokens TO metricx_api", "REVOKE SELECT (access_token_enc) ON tokens FROM metricx_api;"
                     " REVOKE SELECT ON tokens FROM metricx_api", "may read tokens"),
}


@pytest.fixture
def settings(program):
    return {"TOKEN_ENCRYPTION_KEY": program("metricx", "keygen").stdout.strip(), "JWT_SECRET": "a secret of the tests that is long enough",
            "LISTEN": "127.0.0.1:0", "METRICS_LISTEN": "127.0.0.1:0"}


def refuses(program, settings, reason):
    check = program("metricx-api", "--check", code=1, **settings).stdout
    failed = [line for line in check.splitlines() if line.startswith("failed: ")]
    assert len(failed) == 1 and "walls" in failed[0] and "DATABASE_URL" in failed[0] and reason in failed[0], check
    start = program("metricx-api", code=2, **settings)
    assert reason in start.stdout + start.stderr


@pytest.mark.parametrize("wrong", WRONG)
def test_it_does_not_serve_without_walls(database, program, settings, wrong):
    breaks, mends, reason = WRONG[wrong]
    program("metricx", "migrate")
    good = program("metricx-api", "--check", **settings).stdout.splitlines()
    assert len(good) >= 5 and all(line.startswith("ok: ") for line in good) and any("walls" in line for line in good)
    database.execute(breaks)
    try:
        refuses(program, settings, reason)
    finally:
        database.execute(mends)


def test_it_does_not_serve_as_somebody_who_may_not_take_the_role(database, program, settings):
    program("metricx", "migrate")
    database.execute("CREATE ROLE walls_stranger LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO walls_stranger")
    try:
        refuses(program, settings | {"DATABASE_URL": database.url.replace("postgres@", "walls_stranger@")}, "GRANT metricx_api TO walls_stranger")
        database.execute("GRANT metricx_api TO walls_stranger")
        program("metricx-api", "--check", **settings, DATABASE_URL=database.url.replace("postgres@", "walls_stranger@"))
    finally:
        database.execute("DROP OWNED BY walls_stranger; DROP ROLE walls_stranger")
