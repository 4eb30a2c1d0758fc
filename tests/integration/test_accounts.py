"""Workspaces, connections, tokens, and what is shown of everything."""
import json
import pathlib
import re
import subprocess
import uuid

import psycopg2
import pytest

from conftest import free_port, wait_until
from store_client import Account, Store, account, database, entity, fact, store  # noqa: F401 (fixtures)

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"
NOBODY = str(uuid.uuid4())


# ---- workspaces, connections, tokens ----

def test_workspaces(store, database):
    made = store.ok("workspace_create", name="Zoë's \"shop\"")["id"]
    given = str(uuid.uuid4())
    assert store.ok("workspace_create", name="b", id=given)["id"] == given
    assert store.ok("workspace_create", name="other", id=given)["id"] == given
    store.ok("workspace_rename", id=made, name="c")
    assert sorted(database.query("SELECT name FROM workspaces")) == [("b",), ("c",)]
    assert "name" in store.refused("bad_input", "workspace_create", name="  ")
    assert "name" in store.refused("bad_input", "workspace_rename", id=made, name="")
    assert "UUID" in store.refused("bad_input", "workspace_create", name="x", id="seven")
    store.refused("not_found", "workspace_rename", id=NOBODY, name="x")
    store.refused("not_found", "workspace_rename", id="x", name="x")


def test_connections_and_tokens(store, database):
    workspace, other = (store.ok("workspace_create", name=n)["id"] for n in "ab")
    token = store.ok("token_add", workspace=workspace, token_enc="gAA1")["id"]
    foreign = store.ok("token_add", workspace=other, token_enc="gAA2")["id"]
    row = {"workspace": workspace, "account": "act_1", "name": "n", "currency": "USD", "timezone": "UTC"}
    made = store.ok("connection_create", **row, token=token)["id"]
    access = store.ok("access", id=made)
    assert access == {"rc": "ok", "account": "act_1", "status": "active", "token_id": token, "token_enc": "gAA1"}
    database.execute("UPDATE connections SET status = 'needs_reauth', status_reason = 'x', error_code = 'needs_reauth'")
    assert store.ok("connection_create", **row | {"name": "m", "currency": "EUR"})["id"] == made
    assert database.query("SELECT name, currency, status, status_reason, error_code, token_id, token_source FROM connections") == \
        [("m", "EUR", "active", None, None, token, "stored")]
    store.refused("not_found", "connection_create", **row | {"account": "act_2"}, token=foreign)
    store.refused("not_found", "connection_create", **row | {"workspace": NOBODY})
    store.refused("not_found", "token_add", workspace=NOBODY, token_enc="x")
    store.refused("not_found", "connection_token", id=made, token=foreign)
    newer = store.ok("token_add", workspace=workspace, token_enc="gAA3")["id"]
    database.execute("UPDATE connections SET status = 'no_access'")
    store.ok("connection_token", id=made, token=newer)
    assert store.ok("access", id=made)["token_enc"] == "gAA3" and store.ok("access", id=made)["status"] == "active"
    store.ok("connection_status", id=made, status="paused", reason="by hand")
    assert database.query("SELECT id FROM tokens WHERE id = %s", token) == []  # nobody else used it
    last = store.ok("token_add", workspace=workspace, token_enc="gAA4")["id"]
    store.ok("connection_token", id=made, token=last)
    assert database.query("SELECT status, status_reason FROM connections") == [("paused", "by hand")]
    store.ok("token_set", id=last, token_enc="gAA9")
    assert store.ok("token_load", id=last) == {"rc": "ok", "workspace_id": workspace, "token_enc": "gAA9"}
    for command in ("token_load", "token_set", "access", "connection_status"):
        for nobody in (NOBODY, "x"):
            store.refused("not_found", command, id=nobody, token_enc="x", status="active")
    env = store.ok("connection_create", **row | {"account": "act_5"})["id"]
    assert store.ok("access", id=env)["token_enc"] is None
    database.execute("UPDATE connections SET token_source = 'stored' WHERE id = %s", env)
    assert "no token" in store.refused("conflict", "access", id=env)


@pytest.mark.parametrize("name, good, stored, bad", [
    ("calls_per_window", "60", 60, ["0", "x", "-1", "1.5"]), ("backfill_days", "30", 30, ["0", "1128", """ '30' """]),
    ("restate_days", "0", 0, ["-1", "366"]), ("nightly_at", "04:30", "04:30", ["4:30", "24:00", "04:60", "04.30", "+4:-3"]),
    ("intraday_minutes", "0", 0, ["1441", "x"]), ("hourly", "yes", True, ["maybe"])])
def test_connection_settings(account, store, name, good, stored, bad):
    account.database.execute("UPDATE connections SET next_sync_at = now()")
    for value in bad:
        error = store.refused("bad_input", "connection_set", id=account.id, name=name, value=value)
        assert name in error and value in error
    assert account.row("settings, next_sync_at IS NULL") == ({}, False)
    store.ok("connection_set", id=account.id, name="restate_days", value="5")
    store.ok("connection_set", id=account.id, name=name, value=good)
    settings, unset = account.row("settings, next_sync_at IS NULL")
    assert settings == {"restate_days": 5} | {name: stored} and unset == (name in ("nightly_at", "intraday_minutes"))
    store.ok("connection_set", id=account.id, name=name, value="")
    assert name not in account.row("settings")[0]


def test_unknown_connection_setting(account, store):
    error = store.refused("bad_input", "connection_set", id=account.id, name="colour", value="red")
    assert "colour" in error and "backfill_days" in error
    store.refused("not_found", "connection_set", id=NOBODY, name="hourly", value="true")


def everything_of(account):
    tables = [t for (t,) in account.database.query(
        "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attname = 'connection_id' "
        "AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace")]
    return sum(account.one(f"SELECT count(*) FROM {table} WHERE connection_id = %s", account.id)[0] for table in tables)


def test_delete_removes_all_and_nothing_else(account, store, database):
    other = Account(database)
    for a in (account, other):
        a.slice(store, [fact("a1", D1), fact("a2", D1)])
        a.slice(store, [fact("a1", D1, hour=4)], granularity="hour")
        a.slice(store, [entity("c1")], "entities")
        a.slice(store, [fact("a1", D1, "9")])
    token = store.ok("token_add", workspace=account.workspace, token_enc="x")["id"]
    store.ok("connection_token", id=account.id, token=token)
    late = account.chunk(account.run())
    store.ok("open", chunk=late)
    store.ok("stage", chunk=late, rows=[fact("a7", D2)], next="c2")
    assert everything_of(account) > 0
    before = everything_of(other)
    store.ok("connection_delete", id=account.id)
    assert everything_of(account) == 0 and everything_of(other) == before
    assert database.query("SELECT (SELECT count(*) FROM tokens), (SELECT count(*) FROM chunk_facts)") == [(0, 0)]
    store.refused("fenced", "merge", chunk=late, rows=[])
    store.refused("not_found", "connection_delete", id=account.id)
    store.ok("workspace_delete", id=other.workspace)
    assert everything_of(other) == 0
    assert database.query("SELECT count(*) FROM connections") == [(0,)]
    assert database.query("SELECT id FROM workspaces") == [(account.workspace,)]
    store.refused("not_found", "workspace_delete", id=other.workspace)


def test_what_was_hidden_is_removed_step_by_step(account, store, database):
    other = Account(database)
    for a in (account, other):
        a.slice(store, [fact("a1", D1)])
    store.ok("connection_hide", id=account.id)
    store.ok("workspace_hide", id=other.workspace)
    assert listing(store, "LIST_CONNECTIONS") == [] and [w["id"] for w in listing(store, "LIST_WORKSPACES")] == [account.workspace]
    assert "being deleted" in store.refused("conflict", "connection_create", workspace=account.workspace, account=account.row(
        "external_account_id")[0], name="n", currency="USD", timezone="UTC")
    store.refused("not_found", "workspace_rename", id=other.workspace, name="x")
    store.refused("not_found", "token_add", workspace=other.workspace, token_enc="x")
    steps = 0
    while store.ok("hidden_remove")["more"]:
        steps += 1
        assert steps <= 2
    assert everything_of(account) == everything_of(other) == 0
    assert database.query("SELECT count(*) FROM connections") == [(0,)]
    assert database.query("SELECT id FROM workspaces") == [(account.workspace,)]


def test_delete_can_keep_the_data(account, store, database):
    account.slice(store, [fact("a1", D1)])
    token = store.ok("token_add", workspace=account.workspace, token_enc="x")["id"]
    store.ok("connection_token", id=account.id, token=token)
    run = store.ok("run_create", connection=account.id, kind="full")["id"]
    store.ok("connection_disconnect", id=account.id)
    assert account.row("status, token_id, token_source, deleted_at") == ("disabled", None, "none", None)
    assert account.run_row(run, "status") == ("cancelled",)
    assert len(account.facts()) == 1 and database.query("SELECT count(*) FROM tokens") == [(0,)]


def test_a_deleted_connection_is_hidden_at_once(account, store, database):
    account.slice(store, [fact("a1", D1)])
    database.execute("UPDATE connections SET deleted_at = now()")
    for command, fields in (("access", {"id": account.id}), ("run_create", {"connection": account.id, "kind": "full"}),
                            ("connection_set", {"id": account.id, "name": "hourly", "value": "true"})):
        store.refused("not_found", command, **fields)
    assert database.query("SELECT count(*) FROM ads_insights") == [(0,)]
    assert listing(store, "LIST_CONNECTIONS") == [] and store.ok("due")["due"] == []


def keygen(build):
    return subprocess.run([build / "bin" / "metricx", "keygen"], capture_output=True, text=True, check=True).stdout.strip()


def test_tokens_are_rotated(account, store, build, database, program):
    """Sealed by our own program under the old key, opened by it under the new one alone."""
    old, new, never = (keygen(build) for _ in range(3))
    for n in range(3):
        subprocess.run([build / "bin" / "metricx", "token", "add", "--workspace", account.workspace, "--provider", "meta", "--stdin"],
                       input=f"secret-{n}", text=True, check=True, capture_output=True,
                       env={"DATABASE_URL": database.url, "TOKEN_ENCRYPTION_KEY": old, "REDIS_URL": "redis://127.0.0.1:1/0"})
    before = database.query("SELECT id, access_token_enc FROM tokens ORDER BY 1")
    assert store.ok("token_rotate", keys=f"{new},{old}", check_only=True)["changed"] == 3
    assert database.query("SELECT id, access_token_enc FROM tokens ORDER BY 1") == before
    assert store.ok("token_rotate", keys=f"{new},{old}")["changed"] == 3
    assert store.ok("token_rotate", keys=f"{new},{old}")["changed"] == 0
    assert store.ok("token_rotate", keys=new, check_only=True)["changed"] == 0
    error = store.refused("key_refused", "token_rotate", keys=never)
    assert before[0][0] in error and before[0][1] not in error


# ---- listings ----

HEADER = (pathlib.Path(__file__).resolve().parents[2] / "common/store/listing.h").read_text()
LISTINGS = re.findall(r"^\s+(LIST_\w+),", HEADER, re.MULTILINE)


def listing(store, name, param=None):
    return store.ok("listing", what=LISTINGS.index(name), param=param)["rows"]


RUN = ["id", "workspace_id", "connection_id", "kind", "trigger", "status", "date_from", "date_to", "granularity", "chunks_total",
       "chunks_done", "chunks_dead", "rows_inserted", "rows_updated", "rows_unchanged", "rows_removed", "calls", "error_code",
       "error", "created_at", "started_at", "finished_at"]
CHUNK = ["id", "run_id", "connection_id", "kind", "date_from", "date_to", "status", "attempts", "deliveries", "rows", "calls",
         "error_code", "error", "created_at", "started_at", "finished_at"]
CONNECTION = ["id", "workspace_id", "provider", "external_account_id", "name", "status", "status_reason", "error_code", "currency",
              "timezone", "connected_at", "token_id", "token_source", "last_synced_at", "facts_through", "next_sync_at", "settings",
              "token_state", "token_expires_at"]


def test_listings_have_the_columns_of_their_tables(account, store, database):
    other = Account(database)
    token = store.ok("token_add", workspace=account.workspace, token_enc="gAAAA-secret")["id"]
    store.ok("connection_token", id=account.id, token=token)
    run = account.run()
    done, dead = account.chunk(run), account.chunk(run)
    store.ok("open", chunk=done)
    store.ok("merge", chunk=done, rows=[fact("a1", D1)])
    store.ok("open", chunk=dead)
    store.ok("stage", chunk=dead, rows=[fact("a1", D1), fact("a1", D2)], next="c2")
    (shown,) = listing(store, "LIST_RUN", run)
    assert list(shown) == RUN + ["progress"] and shown["progress"] == {"rows": 3, "calls": 2} and shown["calls"] == 1
    assert [r["id"] for r in listing(store, "LIST_OPEN_RUNS")] == [run]
    assert list(listing(store, "LIST_OPEN_RUNS")[0]) == RUN + ["progress"]
    store.ok("put_back", chunk=dead, fate="dead", code="bad_request", why="x")
    assert listing(store, "LIST_OPEN_RUNS") == []
    (letter,) = listing(store, "LIST_DEAD")
    assert list(letter) == CHUNK and letter["id"] == dead and letter["date_from"] == D1
    assert [list(c) for c in listing(store, "LIST_RUN_CHUNKS", run)] == [CHUNK, CHUNK]
    assert [list(r) for r in listing(store, "LIST_RUNS", account.id)] == [RUN]
    assert listing(store, "LIST_RUNS", other.id) == [] and len(listing(store, "LIST_RUNS")) == 1
    assert [list(c) for c in listing(store, "LIST_CONNECTIONS")] == [CONNECTION] * 2
    assert [c["id"] for c in listing(store, "LIST_CONNECTIONS", other.workspace)] == [other.id]
    assert [c["id"] for c in listing(store, "LIST_CONNECTION", account.id)] == [account.id]
    assert listing(store, "LIST_CONNECTION", "'; DROP") == []
    assert len(listing(store, "LIST_WORKSPACES")) == 2
    tokens = listing(store, "LIST_TOKENS") + listing(store, "LIST_TOKENS", account.workspace)
    assert [t["id"] for t in tokens] == [token] * 2 and listing(store, "LIST_TOKENS", other.workspace) == []
    everything = json.dumps([listing(store, name, param) for name in LISTINGS if name != "LIST_COUNT"
                             for param in (None, account.id, account.workspace, run)])
    assert "gAAAA" not in everything and "_enc" not in everything


def test_schema_check(store, database):
    store.ok("schema_check")
    database.execute("DROP TABLE schema_migrations")
    assert "metricx migrate" in store.refused("schema_mismatch", "schema_check")


@pytest.fixture
def pooler(postgres):
    """pooler(mode, database) starts a pgbouncer of our own in front of the server; the connection string to it."""
    started = []

    def start(mode, database):
        ini, users, port = postgres.folder / f"{mode}.ini", postgres.folder / "users", free_port()
        users.write_text('"postgres" ""\n')
        ini.write_text(f"[databases]\n* = host=127.0.0.1 port={postgres.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                       f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\n"
                       f"pool_mode = {mode}\nignore_startup_parameters = extra_float_digits,options\n")
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *postgres.identity(), "pgbouncer", "-q", ini],
                                   stderr=subprocess.DEVNULL)
        started.append(process)
        url = f"postgresql://postgres@127.0.0.1:{port}/{database.name}"

        def answers():
            try:
                psycopg2.connect(url, connect_timeout=5).close()
                return True
            except psycopg2.OperationalError:
                return False

        wait_until(answers, "pgbouncer", process)
        return url

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_transaction_pooling_is_found_out(pooler, database, build, mode):
    store = Store(build, pooler(mode, database))
    if mode == "session":
        store.ok("schema_check")
    else:
        assert "DATABASE_URL" in store.refused("bad_setting", "schema_check")
    store.close()
