"""The command line: syncs and runs, status and the queue, and every mistake with its own message and exit code."""
import json
import os
import pty
import re
import signal
import subprocess
import time

from command_line import NOBODY, UUID, listed, refused
from crowd import connect_all
from system import ACCOUNT, wait_for

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
