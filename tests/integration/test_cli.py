"""The command line: settings, schema, workspaces, tokens and connections, and every mistake with its own message and exit code."""
import base64
import json
import re
import socket
import uuid

import pytest

from command_line import NOBODY, UUID, listed, refused
from system import ACCOUNT, TOKEN


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- words and settings ----


def test_help_and_version(program):
    text = program("metricx", "--help").stdout
    for word in ("connection create", "sync --connection ID", "queue rebuild", "DATABASE_URL", "META_CALLS_PER_WINDOW", "200"):
        assert word in text
    assert "usage: metricx dead drop ID" in program("metricx", "dead", "drop", "--help").stdout
    assert re.fullmatch(r"metricx \d+\.\d+\.\d+\n", program("metricx", "--version").stdout)


@pytest.mark.parametrize("words,said", [
    ([], "which command?"),
    (["frobnicate"], "unknown command 'frobnicate'"),
    (["login"], "give --workspace ID, or --operator"),
    (["sync"], "--connection ID is missing"),
    (["sync", "--connection", "7"], "'7' is not an id"),
    (["sync", "--connection", NOBODY, "--from", "yesterday"], "'yesterday' is not a day"),
    (["sync", "--connection", NOBODY, "--to", "2026-01-01"], "needs --from"),
    (["sync", "--connection", NOBODY, "--granularity", "week"], "day or hour"),
    (["workspace", "delete", NOBODY], "--yes is missing"),
    (["connection", "delete", NOBODY], "--yes is missing"),
    (["connection", "create", "--workspace", NOBODY, "--provider", "tiktok", "--account", "act_1"], "'tiktok' is not known"),
    (["connection", "create", "--workspace", NOBODY, "--provider", "meta", "--account", "me"], "'me' is no ad account"),
    (["dead", "retry"], "--all"),
])
def test_usage_errors(program, words, said):
    refused(program("metricx", *words, code=2), 2, said)


@pytest.mark.parametrize("settings,said", [
    ({"META_WINDOW_SECONDS": "an hour"}, ["META_WINDOW_SECONDS", "an hour"]),
    ({"META_GRAPH_URL": "http://graph.example.com"}, ["META_GRAPH_URL", "http://graph.example.com"]),
    ({"DATABASE_URL": "postgresql://[broken"}, ["DATABASE_URL"]),
    ({"REDIS_URL": "http://127.0.0.1"}, ["REDIS_URL"]),
])
def test_malformed_settings(program, settings, said):
    refused(program("metricx", "status", code=2, **settings), 2, *said)


def test_config_file(program, tmp_path, environment):
    config = tmp_path / "metricx.conf"
    config.write_text("NO_SUCH_SETTING=1\n")
    refused(program("metricx", "workspace", "list", "--config", config, code=2), 2, "NO_SUCH_SETTING")
    refused(program("metricx", "--config", tmp_path / "absent", "workspace", "list", code=2), 2, "absent")
    program("metricx", "migrate")
    config.write_text(f"DATABASE_URL={environment.pop('DATABASE_URL')}\n")
    assert json.loads(program("metricx", "--config", config, "workspace", "list", "--json").stdout)["items"] == []


def test_wrong_key(program):
    program("metricx", "migrate")
    words = ("token", "add", "--workspace", NOBODY, "--provider", "meta", "--stdin")
    refused(program("metricx", *words, code=2), 2, "TOKEN_ENCRYPTION_KEY is not set")
    refused(program("metricx", *words, code=2, TOKEN_ENCRYPTION_KEY="abc"), 2, "TOKEN_ENCRYPTION_KEY")


def test_keygen(program):
    keys = {program("metricx", "keygen").stdout.strip() for _ in range(2)}
    assert len(keys) == 2 and all(len(base64.urlsafe_b64decode(key)) == 32 for key in keys)


# ---- servers and schema ----


def test_servers_away(program):
    program("metricx", "migrate")
    port = closed_port()
    away = {"DATABASE_URL": f"postgresql://someone:hidden@127.0.0.1:{port}/x"}
    done = program("metricx", "workspace", "list", code=1, **away)
    refused(done, 1, "PostgreSQL")
    assert "hint: is PostgreSQL running" in done.stderr and "hidden" not in done.stderr
    gone = {"REDIS_URL": f"redis://:hidden@127.0.0.1:{port}/0"}
    done = program("metricx", "sync", "--connection", NOBODY, code=1, **gone)
    refused(done, 1, "Redis")
    assert "hint: is Redis running" in done.stderr and "hidden" not in done.stderr
    status = program("metricx", "status", "--json", code=1, **away, **gone)
    assert {p["code"] for p in json.loads(status.stdout)["problems"]} == {"database_away", "redis_away"}


def test_database_that_is_not_there(program, postgres):
    refused(program("metricx", "migrate", code=1, DATABASE_URL=postgres.url("nowhere")), 1, "nowhere")


def test_schema(program, database):
    refused(program("metricx", "workspace", "list", code=1), 1, "metricx migrate")
    pending = program("metricx", "migrate", "--status").stdout
    assert "0001" in pending and "pending" in pending
    program("metricx", "migrate")
    program("metricx", "migrate")
    assert "pending" not in program("metricx", "migrate", "--status").stdout
    database.execute("UPDATE schema_migrations SET oldest_program = '99.0.0'")
    refused(program("metricx", "workspace", "list", code=1), 1, "99.0.0")


def test_somebody_elses_tables(program, database):
    database.execute("CREATE TABLE invoices (id int)")
    refused(program("metricx", "migrate", code=1), 1, "invoices")
    refused(program("metricx", "workspace", "list", code=1), 1, "metricx migrate")
    assert database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_check(program):
    key = {"TOKEN_ENCRYPTION_KEY": program("metricx", "keygen").stdout.strip()}
    assert "metricx migrate" in program("metricx", "--check", code=1, **key).stdout
    program("metricx", "migrate")
    lines = program("metricx", "--check", **key).stdout.splitlines()
    assert len(lines) >= 4 and all(line.startswith("ok: ") for line in lines)
    assert "REDIS_URL" in program("metricx", "--check", code=1, **key, REDIS_URL=f"redis://127.0.0.1:{closed_port()}/0").stdout
    assert "PAGE_LIMIT" in program("metricx", "--check", code=1, **key, PAGE_LIMIT="many").stdout


# ---- workspaces and tokens ----


def test_workspaces(make_system):
    system = make_system()
    given = str(uuid.uuid4())
    assert system.metricx("workspace", "create", "first", "--id", given) == given
    assert system.metricx("workspace", "create", "first", "--id", given) == given
    other = system.metricx("workspace", "create", "second \t\x1b[31m")
    assert UUID.fullmatch(other)
    system.metricx("workspace", "rename", given, "renamed")
    assert {w["id"]: w["name"] for w in listed(system, "workspace", "list")} == {given: "renamed", other: "second \t\x1b[31m"}
    assert "\x1b" not in system.metricx("workspace", "list")
    refused(system.metricx("workspace", "rename", NOBODY, "x", code=None), 1, NOBODY)
    system.metricx("workspace", "delete", given, "--yes")
    assert [w["id"] for w in listed(system, "workspace", "list")] == [other]
    refused(system.metricx("workspace", "delete", given, "--yes", code=None), 1, given)


def test_tokens(make_system):
    system = make_system(sandbox=("--accounts", "3"))
    workspace = system.metricx("workspace", "create", "test")
    words = ("token", "add", "--workspace", workspace, "--provider", "meta", "--stdin")
    refused(system.metricx(*words, stdin="\n", code=None), 2, "no access token")
    refused(system.metricx(*words, stdin="two words", code=None), 2, "one word")
    token = system.metricx(*words, stdin=f"  {TOKEN}\n")
    text = json.dumps(listed(system, "token", "list"))
    assert token in text and TOKEN not in text and "gAAAA" not in text
    stored = system.query("SELECT access_token_enc FROM tokens")[0][0]
    assert stored.startswith("gAAAA")

    connection = system.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", "act_1002",
                                "--token", token, "--no-sync")
    accounts = {a["external_account_id"]: a for a in listed(system, "token", "accounts", token)}
    assert set(accounts) == {"act_1001", "act_1002", "act_1003"}
    assert accounts["act_1002"]["connection_id"] == connection and accounts["act_1001"]["connection_id"] is None

    system.metricx("token", "set", token, "--stdin", stdin="another")
    done = system.metricx("token", "accounts", token, code=None)
    refused(done, 1)
    assert "another" not in done.stderr
    refused(system.metricx("token", "set", NOBODY, "--stdin", stdin="x", code=None), 1, NOBODY)


def test_rotation(make_system):
    system = make_system()
    connection = system.connect()
    old, new = system.env["TOKEN_ENCRYPTION_KEY"], system.metricx("keygen")
    assert system.metricx("token", "rotate", "--check").startswith("0 ")
    system.env["TOKEN_ENCRYPTION_KEY"] = f"{new},{old}"
    done = system.metricx("token", "rotate", "--check", code=None)
    assert done.returncode == 1 and done.stdout.startswith("1 ")
    assert system.metricx("token", "rotate").startswith("1 ")
    system.env["TOKEN_ENCRYPTION_KEY"] = new
    assert system.metricx("token", "rotate", "--check").startswith("0 ")
    # Under the old key alone the token does not open: a setting is wrong, not the token.
    workspace = system.query("SELECT workspace_id::text FROM connections")[0][0]
    done = system.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", ACCOUNT, code=None,
                          TOKEN_ENCRYPTION_KEY=old)
    refused(done, 2, "token ")
    assert "TOKEN_ENCRYPTION_KEY" in done.stderr
    assert json.loads(system.metricx("connection", "show", connection, "--json"))["status"] == "active"


# ---- connections ----


def test_connecting(make_system):
    system = make_system()
    workspace = system.metricx("workspace", "create", "test")
    create = ("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", ACCOUNT)
    first = system.metricx(*create, "--token-stdin", stdin=TOKEN, code=None)
    assert first.returncode == 0 and UUID.fullmatch(first.stdout.strip()), first.stderr
    assert "no scheduler is alive" in first.stderr and "no worker is alive" in first.stderr
    connection = first.stdout.strip()
    runs = listed(system, "runs", "--connection", connection)
    assert [(r["kind"], r["trigger"], r["status"]) for r in runs] == [("full", "connect", "queued")]
    shown = json.loads(system.metricx("connection", "show", connection, "--json"))
    truth = system.sandbox.truth()["account"]
    assert (shown["name"], shown["currency"], shown["timezone"]) == (truth["name"], truth["currency"], truth["timezone"])
    assert (shown["status"], shown["token_source"]) == ("active", "stored")
    assert [c["id"] for c in listed(system, "connection", "list")] == [connection]
    assert ACCOUNT in system.metricx("connection", "show", connection)

    # Again: the same id, the same open run; its own token serves when none is given.
    again = system.metricx(*create, code=None)
    assert again.stdout.strip() == connection and runs[0]["id"] in again.stderr
    assert system.query("SELECT count(*) FROM sync_runs")[0][0] == 1


def test_the_environments_token(make_system):
    system = make_system()
    workspace = system.metricx("workspace", "create", "test")
    create = ("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", ACCOUNT, "--no-sync")
    refused(system.metricx(*create, code=None), 2, "META_ACCESS_TOKEN is not set")
    connection = system.metricx(*create, META_ACCESS_TOKEN=TOKEN)
    assert json.loads(system.metricx("connection", "show", connection, "--json"))["token_source"] == "env"
    assert system.query("SELECT count(*) FROM tokens")[0][0] == 0
    assert system.query("SELECT count(*) FROM sync_runs")[0][0] == 0


def test_refused_accounts_leave_nothing(make_system):
    system = make_system()
    workspace = system.metricx("workspace", "create", "test")

    def create(account, token, workspace=workspace):
        return system.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", account,
                              "--token-stdin", stdin=token, code=None)

    refused(create("act_9999", TOKEN), 1, "act_9999")
    done = create(ACCOUNT, "wrong-token")
    refused(done, 1, ACCOUNT)
    assert "new token" in done.stderr and "wrong-token" not in done.stderr
    system.sandbox.post("account", account=ACCOUNT, access=False)
    refused(create(ACCOUNT, TOKEN), 1, ACCOUNT)
    system.sandbox.post("account", account=ACCOUNT, access=True)
    refused(create(ACCOUNT, TOKEN, NOBODY), 1, NOBODY)
    for table in ("connections", "tokens", "sync_runs"):
        assert system.query(f"SELECT count(*) FROM {table}")[0][0] == 0


def test_provider_away(make_system):
    system = make_system()
    workspace = system.metricx("workspace", "create", "test")
    done = system.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", ACCOUNT, code=None,
                          META_ACCESS_TOKEN=TOKEN, META_GRAPH_URL=f"http://127.0.0.1:{closed_port()}")
    refused(done, 1, ACCOUNT)
    assert "META_GRAPH_URL" in done.stderr
    assert system.query("SELECT count(*) FROM connections")[0][0] == 0


def test_a_closed_account_is_connected_but_not_synced(make_system):
    system = make_system()
    system.sandbox.post("account", account=ACCOUNT, status=101)
    connection = system.connect(sync=True)
    assert json.loads(system.metricx("connection", "show", connection, "--json"))["status"] == "disabled"
    assert listed(system, "runs") == []


def test_pausing_and_settings(make_system):
    system = make_system()
    connection = system.connect()

    def shown():
        return json.loads(system.metricx("connection", "show", connection, "--json"))

    system.metricx("connection", "pause", connection)
    assert shown()["status"] == "paused"
    refused(system.metricx("sync", "--connection", connection, code=None), 1, "paused")
    system.metricx("connection", "resume", connection)
    assert shown()["status"] == "active"
    system.metricx("connection", "set", connection, "nightly_at=04:30", "backfill_days=30")
    assert set(shown()["settings"]) == {"nightly_at", "backfill_days"}
    system.metricx("connection", "set", connection, "nightly_at=")
    assert set(shown()["settings"]) == {"backfill_days"}
    refused(system.metricx("connection", "set", connection, "colour=red", code=None), 2, "colour")
    refused(system.metricx("connection", "set", connection, "backfill_days=many", code=None), 2, "backfill_days", "many")
    refused(system.metricx("connection", "set", connection, "backfill_days", code=None), 2, "NAME=VALUE")
    for words in (("show",), ("pause",), ("resume",), ("set",), ("delete",)):
        more = {"set": ["hourly=true"], "delete": ["--yes"]}.get(words[0], [])
        refused(system.metricx("connection", *words, NOBODY, *more, code=None), 1, NOBODY)


def test_another_token(make_system):
    system = make_system()
    connection = system.connect()
    system.query("UPDATE connections SET status = 'needs_reauth', status_reason = 'the token was revoked'")
    assert "needs_reauth" in system.metricx("status", "--check", code=None).stdout
    refused(system.metricx("connection", "token", connection, "--stdin", stdin="wrong-token", code=None), 1, ACCOUNT)
    assert json.loads(system.metricx("connection", "show", connection, "--json"))["status"] == "needs_reauth"
    system.sandbox.post("token", token="fresh-token", state="ok")
    system.metricx("connection", "token", connection, "--stdin", stdin="fresh-token")
    assert json.loads(system.metricx("connection", "show", connection, "--json"))["status"] == "active"
    assert [r["kind"] for r in listed(system, "runs")] == ["full"]
    # The token before is forgotten: nobody uses it any more.
    workspace, token = system.query("SELECT workspace_id::text, token_id::text FROM connections")[0]
    assert [t["id"] for t in listed(system, "token", "list")] == [token]
    assert system.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", ACCOUNT,
                          "--token-stdin", "--no-sync", stdin=TOKEN) == connection
    fresh = [t["id"] for t in listed(system, "token", "list")]
    assert len(fresh) == 1 and fresh != [token]


def test_deleting_connections(make_system):
    system = make_system(sandbox=("--accounts", "2"))
    kept, gone = system.connect("act_1001"), system.connect("act_1002")
    system.metricx("connection", "delete", kept, "--yes", "--keep-data")
    shown = json.loads(system.metricx("connection", "show", kept, "--json"))
    assert (shown["status"], shown["token_id"]) == ("disabled", None)
    refused(system.metricx("connection", "resume", kept, code=None), 1, "no token")
    system.metricx("connection", "delete", gone, "--yes")
    assert [c["id"] for c in listed(system, "connection", "list")] == [kept]
