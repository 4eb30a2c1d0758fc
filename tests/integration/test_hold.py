"""metricx hold and release: no call starts while held, work stays queued, and goes on at once."""
import json

import redis as redis_client

from command_line import NOBODY, refused
from store_client import Account, account, database, fact, store  # noqa: F401 (fixtures)
from system import ACCOUNT, TOKEN, started, wait_for
from truth import assert_truth

D1 = "2026-10-01"


# ---- in the store ----


def test_what_is_held_is_no_work(database, store):
    held, free = Account(database), Account(database)
    chunks = {each.id: each.chunk(each.run()) for each in (held, free)}

    def jobs():
        return {j["id"] for j in store.ok("open_jobs")["jobs"]}

    store.ok("hold", connection=held.id, why="one")
    assert jobs() == {chunks[free.id]}
    assert "is held" in store.refused("conflict", "open", chunk=chunks[held.id])
    store.ok("hold", connection=None, why="all")
    assert jobs() == set()
    assert "is held" in store.refused("conflict", "open", chunk=chunks[free.id])
    assert not store.ok("release", connection=free.id)["released"]
    assert store.ok("release", connection=None)["released"]
    assert jobs() == {chunks[free.id]}
    assert store.ok("release", connection=held.id)["released"]
    assert jobs() == set(chunks.values())


def test_a_page_is_stored_and_no_further_call_is_booked(account, store, database):
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    booked = "SELECT sum(calls) FROM call_ledger"
    before = database.query(booked)
    store.ok("hold", connection=account.id, why="x")
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    assert database.query(booked) == before
    store.ok("put_back", chunk=chunk, fate="yield")
    assert account.chunk_row(chunk, "status, attempts, deliveries") == ("queued", 0, 0)
    store.ok("release", connection=account.id)
    assert store.ok("open", chunk=chunk)["page"] == 2
    assert database.query(booked) == [(before[0][0] + 2,)]


def test_a_second_hold_has_the_new_reason(account, store, database):
    store.ok("hold", connection=account.id, why="one")
    since = database.query("SELECT since FROM holds")
    store.ok("hold", connection=account.id, why="two")
    assert database.query("SELECT reason FROM holds") == [("two",)] and database.query("SELECT since FROM holds") == since
    assert NOBODY in store.refused("not_found", "hold", connection=NOBODY, why="x")


# ---- on the command line ----


def report(system):
    return json.loads(system.metricx("status", "--json"))


def test_holding_one_and_all(make_system, redis_server):
    system = make_system(sandbox=("--accounts", "2"), BACKFILL_DAYS=5)
    system.sandbox.post("clock", stop=True)
    held, free = system.connect(), system.connect("act_1002")
    system.scheduler()
    system.worker()
    system.metricx("hold", "--connection", held, "--reason", "the owner asked")
    done = system.metricx("sync", "--connection", held, code=None)
    assert done.returncode == 0 and "the owner asked" in done.stderr and "metricx release" in done.stderr
    run = done.stdout.splitlines()[0]
    calls = system.sandbox.calls()["total"]
    assert system.sync(free)["status"] == "succeeded"
    assert system.sandbox.calls()["total"] == calls
    assert json.loads(system.metricx("run", run, "--json"))["status"] in ("queued", "running")
    holds = report(system)["holds"]
    assert [(h["connection_id"], h["external_account_id"], h["reason"]) for h in holds] == [(held, ACCOUNT, "the owner asked")]
    check = system.metricx("status", "--check", code=1)
    assert check.startswith(f"held: connection {held} ({ACCOUNT}) is held since ") and check.endswith(": the owner asked")
    assert "the owner asked" in system.metricx("status")

    system.metricx("hold", "--reason", "Meta is upset")
    assert "held: all work is held since" in system.metricx("status", "--check", code=1)
    refused(system.metricx("verify", "--connection", free, "--from", D1, "--to", D1, code=None), 1, "calls are held", "Meta is upset")
    refused(system.metricx("connection", "token", free, "--stdin", stdin=TOKEN, code=None), 1, "calls are held")
    assert system.sandbox.calls()["total"] == calls
    other = system.metricx("sync", "--connection", free, "--force").splitlines()[0]
    system.metricx("release")
    wait_for("the free one", lambda: json.loads(system.metricx("run", other, "--json"))["status"] == "succeeded")
    assert [h["connection_id"] for h in report(system)["holds"]] == [held] and system.sandbox.calls()["total"] == calls
    system.metricx("release", "--connection", held)
    wait_for("the held one", lambda: json.loads(system.metricx("run", run, "--json"))["status"] == "succeeded")
    assert report(system)["holds"] == [] and system.metricx("status", "--check") == ""
    first = system.query("SELECT (now() AT TIME ZONE timezone)::date - 5 FROM connections WHERE id = %s", held)[0][0]
    assert_truth(system, held, **{"from": str(first)})
    assert system.metricx("release", code=None).stderr == "it was not held\n"


def test_a_release_wakes_at_once(make_system, redis_server):
    """The scheduler is told to look for all work that has no job."""
    system = make_system()
    listener = redis_client.Redis(port=redis_server.port).pubsub(ignore_subscribe_messages=True)
    listener.subscribe("{metricx}:plan")
    listener.get_message(timeout=5)
    system.metricx("hold", "--reason", "x")
    system.metricx("release")
    assert wait_for("the wake", lambda: listener.get_message(timeout=1))["data"] == b"all"


def test_mistakes(make_system):
    system = make_system()
    refused(system.metricx("hold", code=None), 2, "--reason")
    refused(system.metricx("hold", "--reason", "", code=None), 2, "--reason")
    refused(system.metricx("hold", "--connection", NOBODY, "--reason", "x", code=None), 1, NOBODY)
    refused(system.metricx("release", "--connection", "7", code=None), 2, "'7' is not an id")


def test_nobody_knows_when_held_work_will_be_done(make_system, redis_server):
    system, connection = started(make_system, META_CALLS_PER_WINDOW=8, META_WINDOW_SECONDS=4, PAGE_LIMIT=400)
    redis = redis_client.Redis(port=redis_server.port, decode_responses=True)
    run = system.metricx("sync", "--connection", connection)

    def said():
        fields = redis.hgetall(f"{{metricx}}:run:{run}")
        return (fields.get("eta_seconds"), fields.get("parked_until")) if fields.get("status") == "running" else None

    wait_for("an estimate", lambda: (said() or ("",))[0])
    system.metricx("hold", "--connection", connection, "--reason", "the owner asked")
    wait_for("none", lambda: said() == ("", ""))
    assert int(redis.hget(f"{{metricx}}:run:{run}", "calls_left")) > 0
    system.metricx("release", "--connection", connection)
    wait_for("its end", lambda: json.loads(system.metricx("run", run, "--json"))["status"] == "succeeded")
