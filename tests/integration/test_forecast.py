"""What a sync would take, said before it is done: right within a fifth."""
import json
import re
import time

import redis as redis_client

from system import started, wait_for


def forecast(system, connection, *args):
    return json.loads(system.metricx("sync", "--connection", connection, "--forecast", "--json", *args))


def calls_of(system):
    return system.sandbox.calls()["total"]


def close(said, real):
    return abs(said - real) <= max(1, real / 5)


def test_calls_are_forecast_before_they_are_made(make_system):
    system, connection = started(make_system)
    done = system.metricx("sync", "--connection", connection, "--forecast", code=None)
    assert done.returncode == 0 and "at least this" in done.stderr
    system.sync(connection, "--entities")
    for args in ((), ("--force",), ("--metrics", "--from", "2026-10-20"), ("--entities",)):
        said, before = forecast(system, connection, *args), calls_of(system)
        assert set(said) == {"calls", "chunks", "seconds", "starts_at"}
        assert (calls_of(system), system.query("SELECT count(*) FROM sync_runs WHERE status IN ('queued', 'running')")[0][0]) == \
            (before, 0), "it does nothing"
        run = system.sync(connection, *args)
        assert close(said["calls"], calls_of(system) - before) and said["calls"] == run["calls"], (said, run)
        assert said["chunks"] == run["chunks_total"]
    refused = system.metricx("sync", "--connection", connection, "--forecast", "--from", "2001-01-01", code=None)
    assert refused.returncode != 0 and "2001-01-01" in refused.stderr and refused.stdout == ""


def test_time_is_forecast_from_the_budget_as_it_stands(make_system):
    """A small budget, so that it alone decides: 8 calls in 4 s."""
    system, connection = started(make_system, META_CALLS_PER_WINDOW=8, META_WINDOW_SECONDS=4, PAGE_LIMIT=400)
    system.sync(connection, "--entities")
    said = forecast(system, connection, "--metrics")
    run = system.sync(connection, "--metrics")
    (took,), = system.query("SELECT extract(epoch FROM finished_at - created_at)::float8 FROM sync_runs WHERE id = %s", run["id"])
    assert close(said["calls"], run["calls"])
    # A budget makes it no faster than this; a busy machine may make it slower.
    assert said["seconds"] > 4 and 0.8 * said["seconds"] <= took + 1 and took <= 1.2 * said["seconds"] + 20, (said, took)


def test_a_forecast_knows_what_meta_refused(make_system):
    """A block of ten minutes, and a window of 40 calls where 1,000 were thought to be allowed."""
    system, connection = started(make_system, META_CALLS_PER_WINDOW=1000, META_WINDOW_SECONDS=600, PAGE_LIMIT=10)
    system.sync(connection, "--entities")
    free = forecast(system, connection, "--metrics")
    assert free["calls"] > 80 and free["seconds"] < 600
    block = "INSERT INTO provider_blocks (scope, blocked_until, allowed, learned_at) VALUES (%s, now() + %s * interval '1 second', %s, now())"
    account, = system.query("SELECT 'meta:' || external_account_id AS scope FROM connections WHERE id = %s", connection)
    for scope in (account["scope"], "meta:app"):
        system.query(block, scope, 600, None)
        said = forecast(system, connection, "--metrics")
        assert said["calls"] == free["calls"] and 595 <= said["seconds"] - free["seconds"] <= 601, (free, said)
        assert said["starts_at"] > free["starts_at"]
        system.query("DELETE FROM provider_blocks")
    system.query(block, account["scope"], -1, 40)
    assert forecast(system, connection, "--metrics")["seconds"] >= (free["calls"] // 40 - 1) * 600


def test_a_running_sync_says_what_is_left_and_when_it_goes_on(make_system, redis_server):
    system, connection = started(make_system, META_CALLS_PER_WINDOW=8, META_WINDOW_SECONDS=6, PAGE_LIMIT=400)
    system.sync(connection, "--entities")
    redis = redis_client.Redis(port=redis_server.port, decode_responses=True)
    run = system.metricx("sync", "--connection", connection)
    samples = []

    def ended():
        fields = redis.hgetall(f"{{metricx}}:run:{run}")
        if fields.get("status") == "running" and fields.get("eta_seconds"):
            samples.append((time.time(), fields))
        return fields.get("status") == "succeeded" and fields

    last = wait_for("the run", ended)
    assert (last["calls_left"], last["eta_seconds"], last["parked_until"]) == ("0", "0", "")
    (begin, end, calls), = system.query("SELECT extract(epoch FROM created_at)::float8, extract(epoch FROM finished_at)::float8, "
                                        "calls FROM sync_runs WHERE id = %s", run)
    assert samples and any(float(fields["parked_until"] or 0) / 1000 > at + 1 for at, fields in samples)
    # An estimate is up to four seconds old, and so may be the numbers beside it.
    for at, fields in samples:
        assert abs(int(fields["calls"]) + int(fields["calls_left"]) - calls) <= calls / 5 + 8, fields
        assert abs(at + int(fields["eta_seconds"]) - end) <= (end - begin) / 5 + 7, (begin, at, end, fields)
    (first,), = system.query("SELECT min(event_date)::text FROM account_days")
    done = system.metricx("sync", "--connection", connection, "--wait", "--from", first, code=None)
    assert done.returncode == 0 and re.search(r" calls, \d+ left  0:\d\d left", done.stderr), done.stderr


def test_work_that_nobody_waits_for_is_estimated_at_its_pace(make_system, redis_server):
    """25 calls at once, then one each 0.3 s: the budget alone would allow all of them at once."""
    system, connection = started(make_system, META_CALLS_PER_WINDOW=100, META_WINDOW_SECONDS=60, CHUNK_DAYS=3, PAGE_LIMIT=200)
    redis = redis_client.Redis(port=redis_server.port, decode_responses=True)
    run = "0b54c3e4-0000-4000-8000-00000000e7a0"
    redis.rpush("{metricx}:requests", json.dumps({"connection_id": connection, "kind": "full", "id": run}))
    redis.publish("{metricx}:plan", 1)
    samples = []

    def ended():
        fields = redis.hgetall(f"{{metricx}}:run:{run}")
        if fields.get("status") == "running" and fields.get("eta_seconds") and \
                (not samples or samples[-1][1]["eta_seconds"] != fields["eta_seconds"]):
            samples.append((time.time(), fields))
        return fields.get("status") == "succeeded"

    wait_for("the run", ended)
    (begin, end, calls), = system.query("SELECT extract(epoch FROM created_at)::float8, extract(epoch FROM finished_at)::float8, "
                                        "calls FROM sync_runs WHERE id = %s", run)
    assert samples and 60 < calls < 95 and end - begin > (calls - 30) * 0.3
    (booked,), = system.query("SELECT sum(calls)::int FROM call_ledger WHERE scope <> 'meta:app'")
    assert calls < booked <= calls + 5, "calls that had to wait are booked once"
    for at, fields in samples:
        assert abs(at + int(fields["eta_seconds"]) - end) <= (end - begin) / 5 + 3, (begin, at, end, fields)
