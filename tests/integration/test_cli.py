"""The command line: every command, and every mistake with its own message and exit code."""
import base64
import json
import os
import pty
import re
import signal
import socket
import subprocess
import time
import uuid

import pytest

from crowd import connect_all
from system import ACCOUNT, TOKEN, wait_for

NOBODY = "0b54c3e4-0000-4000-8000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def refused(done, code, *words):
    """Ended with this code, said each word on stderr in one line of ours, and nothing on stdout."""
    assert done.returncode == code, (done.args, done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    first = done.stderr.splitlines()[0]
    assert first.startswith("metricx: "), done.stderr
    for word in words:
        assert word in first, first


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


def listed(system, *words):
    answer = json.loads(system.metricx(*words, "--json"))
    assert answer["next_cursor"] is None
    return answer["items"]


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


# ---- syncs and runs ----


def test_sync_with_progress(make_system):
    system = make_system(sandbox=("--campaigns", "2", "--adsets", "4", "--ads", "10"))
    system.scheduler()
    system.worker()
    connection = system.connect()
    done = system.metricx("sync", "--connection", connection, "--wait", code=None)
    assert done.returncode == 0, done.stderr
    run = done.stdout.strip()
    assert UUID.fullmatch(run)
    last = done.stderr.splitlines()[-1]
    counts = re.fullmatch(r"succeeded  (\d+)/\1 chunks  ([\d,]+) rows  (\d+) calls", last)
    assert counts and "\r" not in done.stderr, done.stderr
    assert "alive" not in done.stderr
    shown = json.loads(system.metricx("run", run, "--json"))
    assert int(counts[2].replace(",", "")) == shown["rows_inserted"] > 10 and int(counts[3]) == shown["calls"] > 0
    assert shown["status"] == "succeeded" and shown["kind"] == "full" and shown["chunks_done"] == shown["chunks_total"] > 1
    text = system.metricx("run", run)
    assert "succeeded" in text and "entities" in text and "metrics" in text
    whole = json.loads(system.metricx("sync", "--connection", connection, "--metrics", "--from", str(shown["date_to"]), "--wait",
                                      "--json"))
    assert (whole["kind"], whole["status"], whole["date_from"]) == ("metrics", "succeeded", shown["date_to"])
    assert "metrics" in system.metricx("runs") and "succeeded" in system.metricx("runs", "--connection", connection)


def test_a_bar_on_a_terminal(make_system):
    system = make_system(sandbox=("--campaigns", "2", "--adsets", "4", "--ads", "10"))
    system.scheduler()
    system.worker()
    connection = system.connect()
    ours, theirs = pty.openpty()
    done = subprocess.run([system.build / "bin/metricx", "sync", "--connection", connection, "--wait"], env=system.env,
                          stdout=subprocess.PIPE, stderr=theirs, timeout=120, check=True)
    os.close(theirs)
    screen = os.read(ours, 1 << 20).decode()
    os.close(ours)
    assert UUID.fullmatch(done.stdout.decode().strip())
    assert "\r" in screen and "[" + "#" * 24 + "]" in screen


def test_ranges(make_system):
    system = make_system()
    connection = system.connect()

    def sync(*words):
        return system.metricx("sync", "--connection", connection, "--metrics", *words, code=None)

    refused(sync("--from", "2099-01-01", "--to", "2099-01-02"), 2, "2099-01-0")
    refused(sync("--from", "2099-01-01"), 2, "2099-01-01")
    refused(sync("--granularity", "week"), 2, "--granularity is week", "day or hour")
    refused(system.metricx("sync", "--connection", connection, "--entities", "--granularity", "hour", code=None), 2, "metrics")
    refused(sync("--granularity", "hour", "--from", "2025-01-01", "--to", "2025-01-02"), 2, "2025-01-01", "older")
    refused(sync("--from", "2026-02-02", "--to", "2026-02-01"), 2, "2026-02-02")
    oldest = sync("--from", "2001-01-01", "--to", "2001-01-02")
    refused(oldest, 2, "2001-01-01")
    assert re.search(r"20\d\d-\d\d-\d\d", oldest.stderr.replace("2001-01-0", ""))
    refused(system.metricx("sync", "--connection", connection, "--entities", "--from", "2026-02-02", code=None), 2, "metrics")
    refused(system.metricx("sync", "--connection", NOBODY, code=None), 1, NOBODY)
    assert listed(system, "runs") == []


def test_one_run_for_the_same_work_and_cancel(make_system):
    system = make_system()
    connection = system.connect()
    run = system.metricx("sync", "--connection", connection, "--entities")
    again = system.metricx("sync", "--connection", connection, "--entities", code=None)
    assert again.stdout.strip() == run and "open already" in again.stderr
    system.scheduler()
    wait_for("the plan", lambda: json.loads(system.metricx("status", "--json"))["queue"]["ready"] == 1)
    system.metricx("cancel", run)
    assert json.loads(system.metricx("run", run, "--json"))["status"] == "cancelled"
    chunks = system.query("SELECT id::text, status FROM sync_chunks WHERE run_id = %s", run)
    assert [c[1] for c in chunks] == ["cancelled"]
    refused(system.metricx("cancel", run, code=None), 1, run)
    refused(system.metricx("cancel", NOBODY, code=None), 1, NOBODY)
    refused(system.metricx("run", NOBODY, code=None), 1, NOBODY)


def test_cancel_reaches_redis(make_system, redis_server):
    system = make_system()
    connection = system.connect()
    system.scheduler()
    events = redis_server.client().pubsub()
    events.subscribe("{metricx}:events")
    run = system.metricx("sync", "--connection", connection, "--entities")
    keys = wait_for("the job", lambda: redis_server.client().keys("{metricx}:job:*"))
    system.metricx("cancel", run)
    assert not redis_server.client().exists(*keys)
    assert redis_server.client().hget(f"{{metricx}}:run:{run}", "status") == "cancelled"

    def cancelled():
        message = events.get_message(timeout=0.1)
        return message and message["type"] == "message" and json.loads(message["data"])["type"] == "run.cancelled"
    wait_for("the event", cancelled)


def test_interrupted_waiting_leaves_the_run(make_system):
    system = make_system()
    connection = system.connect()
    waiting = subprocess.Popen([system.build / "bin/metricx", "sync", "--connection", connection, "--wait"], env=system.env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run = waiting.stdout.readline().strip()
    while "chunks" not in waiting.stderr.readline():
        pass
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 1 and f"metricx cancel {run}" in said
    assert json.loads(system.metricx("run", run, "--json"))["status"] == "queued"


def test_a_failed_run_and_its_dead_letters(make_system):
    system = make_system(MAX_ATTEMPTS=1)
    connection = system.connect()
    system.scheduler()
    system.worker()
    system.sandbox.post("fault", kind="status_500", count=1)
    done = system.metricx("sync", "--connection", connection, "--entities", "--wait", code=None)
    run = done.stdout.strip()
    assert done.returncode == 1 and f"run {run} ended as failed" in done.stderr and "transient" in done.stderr
    assert "metricx dead retry" in done.stderr
    dead = listed(system, "dead", "list")
    assert [d["run_id"] for d in dead] == [run] and dead[0]["error_code"] == "transient"
    assert "dead_letters: 1" in system.metricx("status", "--check", code=None).stdout

    assert system.metricx("dead", "retry", "--all").startswith("1 ")
    wait_for("the retried run", lambda: json.loads(system.metricx("run", run, "--json"))["status"] == "succeeded")
    assert listed(system, "dead", "list") == []

    system.sandbox.post("fault", kind="status_500", count=1)
    assert system.metricx("sync", "--connection", connection, "--entities", "--wait", code=None).returncode == 1
    dead = listed(system, "dead", "list")
    system.metricx("dead", "drop", dead[0]["id"])
    assert listed(system, "dead", "list") == []
    refused(system.metricx("dead", "drop", dead[0]["id"], code=None), 1, dead[0]["id"])
    refused(system.metricx("dead", "retry", NOBODY, code=None), 1, NOBODY)


# ---- status and the queue ----


def test_status(make_system):
    system = make_system()
    connection = system.connect()
    problems = system.metricx("status", "--check", code=None)
    assert problems.returncode == 1
    assert [line.split(":")[0] for line in problems.stdout.splitlines()] == ["no_scheduler", "no_worker"]
    run = system.metricx("sync", "--connection", connection, "--entities")
    report = json.loads(system.metricx("status", "--json"))
    assert [r["id"] for r in report["runs"]] == [run] and report["connections"] == {"active": 1}
    assert any(b["scope"] == f"meta:{ACCOUNT}" and b["limit"] == 200 and b["used"] >= 1 for b in report["budgets"])

    system.scheduler()
    wait_for("the job", lambda: json.loads(system.metricx("status", "--json"))["queue"]["ready"] == 1)
    system.worker()
    wait_for("a healthy system", lambda: system.metricx("status", "--check", code=None).returncode == 0)
    text = system.metricx("status")
    assert "queue: " in text and "scheduler: " in text and f"meta:{ACCOUNT}" in text
    worker = json.loads(system.metricx("status", "--json"))["workers"][0]
    assert worker["alive"] and worker["pid"] == system.daemons[-1].process.pid


def test_status_of_many_shows_the_first(make_system, redis_server):
    """Blocked accounts before those with open runs before all others, and what people wait for before the nightly runs."""
    system = make_system(sandbox=("--accounts", "150"))
    assert connect_all(system) == 150
    system.query("""INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, interactive)
                    SELECT workspace_id, id, 'full', CASE external_account_id WHEN 'act_1149' THEN 'manual' ELSE 'nightly' END,
                           external_account_id = 'act_1149' FROM connections WHERE external_account_id > 'act_1020'""")
    system.query("INSERT INTO provider_blocks VALUES ('meta:act_1003', now() + interval '1 hour')")
    redis, life = redis_server.client(), redis_server.client().hget("{metricx}:budget:meta:act_1001", "life")
    for number in range(1001, 1151):
        redis.hset(f"{{metricx}}:budget:meta:act_{number}", mapping={"life": life, "limit": 200, "width": 60_000_000, "window_seconds": 3600})
    report = json.loads(system.metricx("status", "--json"))
    assert report["accounts"] == 150 and report["open_runs"] == 130
    (waited,), = system.query("SELECT id FROM sync_runs WHERE interactive")
    assert len(report["runs"]) == 100 and report["runs"][0]["id"] == waited
    scopes = [b["scope"] for b in report["budgets"]]
    assert scopes == ["meta:app", "meta:act_1003"] + [f"meta:act_{number}" for number in range(1021, 1119)]
    text = system.metricx("status")
    assert "budgets: 150, the first 100" in text and "open runs: 130, the first 100" in text


def test_a_blocked_budget_is_degraded(make_system, redis_server):
    system = make_system()
    system.connect()
    redis_server.client().hset(f"{{metricx}}:budget:meta:{ACCOUNT}", "blocked_until", int((time.time() + 600) * 1000))
    assert "budget_blocked" in system.metricx("status", "--check", code=None).stdout


def test_status_says_what_others_use_and_until_when_work_is_parked(make_system, redis_server):
    system = make_system()
    system.connect()
    key = f"{{metricx}}:budget:meta:{ACCOUNT}"
    redis = redis_server.client()

    def budget(**fields):
        redis.hset(key, mapping=fields)
        (found,) = (b for b in json.loads(system.metricx("status", "--json"))["budgets"] if b["scope"] == f"meta:{ACCOUNT}")
        return found

    ms = int(time.time() * 1000)
    said = budget(usage_percent=64, usage_at=ms - 100_000, foreign_percent=54)
    assert (said["usage_percent"], said["foreign_percent"]) == (64, 54) and 100 <= said["usage_age"] < 200
    assert said["blocked_until"] is said["next_call_at"] is said["parked_by"] is None
    assert re.search(r"\bFOREIGN %.*PARKED", system.metricx("status"))
    old = budget(usage_at=ms - 3_700_000)
    assert old["usage_percent"] is old["usage_age"] is old["foreign_percent"] is None
    assert budget(usage_percent=96, usage_at=ms, called_at=ms * 1000 + 200_000_000)["parked_by"] == "stretched"
    spent = budget(used=200, usage_percent=10)
    assert spent["parked_by"] == "budget spent"
    assert re.search(rf"until {spent['next_call_at'][11:19]} UTC \(budget spent\)", system.metricx("status"))
    until = budget(blocked_until=ms + 7_200_000)
    assert until["parked_by"] == "blocked" and until["next_call_at"] == until["blocked_until"] > spent["next_call_at"]


def test_queue_rebuild(make_system, redis_server):
    system = make_system()
    connection = system.connect()
    scheduler = system.scheduler()
    system.metricx("sync", "--connection", connection, "--entities")
    keys = wait_for("the job", lambda: redis_server.client().keys("{metricx}:job:*"))
    budget = redis_server.client().hgetall(f"{{metricx}}:budget:meta:{ACCOUNT}")
    scheduler.stop()
    system.metricx("queue", "rebuild")
    assert redis_server.client().keys("{metricx}:job:*") == []
    assert redis_server.client().hgetall(f"{{metricx}}:budget:meta:{ACCOUNT}") == budget
    system.scheduler()
    assert wait_for("the job again", lambda: redis_server.client().keys("{metricx}:job:*")) == keys
