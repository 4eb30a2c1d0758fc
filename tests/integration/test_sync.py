"""End to end: what a marketer asks for arrives, exactly, once, and at few calls."""
import datetime
import json
import time
import zoneinfo

import pytest
import redis as redis_client

from system import started, wait_for
from truth import assert_truth


@pytest.fixture
def redis(redis_server):
    return redis_client.Redis(port=redis_server.port)


def queue_is_empty(redis):
    """No job is left in any place of the queue."""
    return all(redis.zcard(f"{{metricx}}:{name}") == 0 for name in ("lease", "delayed")) and not redis.keys("{metricx}:job:*")


def test_default_account_is_exact_and_cheap(make_system, redis):
    system, connection = started(make_system, "--hostile-names")
    run = system.sync(connection)
    assert run["status"] == "succeeded"
    truth = assert_truth(system, connection)
    assert len(truth["entities"]) == 130
    calls = system.sandbox.calls()
    insights = calls["counts"]["insights"]
    assert insights <= 13, calls["counts"]
    assert calls["total"] - insights <= 6, calls["counts"]
    assert calls["refused"] == 0
    wait_for("an empty queue", lambda: queue_is_empty(redis))


def test_names_arrive_as_they_are(make_system):
    system, connection = started(make_system, "--hostile-names")
    system.sync(connection, "--entities")
    true = {e["external_id"]: e["name"] for e in system.sandbox.truth()["entities"]}
    stored = dict(system.query("SELECT external_id, name FROM entities WHERE connection_id = %s", connection))
    assert stored == true
    names = "".join(true.values())
    for kind in ("'", '"', "\t", "\n", "\\", ";"):
        assert kind in names
    assert any(ord(c) > 0xFFFF for c in names) and any(0x590 <= ord(c) <= 0x6FF for c in names)
    assert max(len(name) for name in true.values()) >= 400


def xmins(system, connection):
    return dict(((row[0], row[1]), row[2]) for row in system.query(
        "SELECT entity_id::text, event_date::text, xmin::text FROM metric_facts WHERE connection_id = %s", connection))


def test_a_second_sync_rewrites_nothing(make_system):
    system, connection = started(make_system)
    system.sync(connection)
    facts = xmins(system, connection)
    entities = system.query("SELECT id, xmin::text, updated_at FROM entities WHERE connection_id = %s ORDER BY id", connection)
    run = system.sync(connection, "--force")
    assert run["rows_inserted"] == run["rows_updated"] == run["rows_removed"] == 0
    assert run["rows_unchanged"] > 0
    assert xmins(system, connection) == facts
    assert system.query("SELECT id, xmin::text, updated_at FROM entities WHERE connection_id = %s ORDER BY id", connection) == entities


def test_restated_weeks_change_exactly_what_changed(make_system):
    system, connection = started(make_system)
    system.sync(connection)
    before = xmins(system, connection)
    today = system.query("SELECT max(event_date) FROM metric_facts WHERE connection_id = %s", connection)[0][0]
    from_ = today - datetime.timedelta(days=21)
    restated = system.sandbox.post("restate", **{"from": str(from_), "to": str(today - datetime.timedelta(days=1)), "percent": "20"})
    assert restated["changed"] > 50 and restated["vanished"] > 0 and restated["appeared"] > 0
    run = system.sync(connection, "--force")
    assert_truth(system, connection)
    assert (run["rows_updated"], run["rows_removed"], run["rows_inserted"]) == (
        restated["changed"], restated["vanished"], restated["appeared"])
    after = xmins(system, connection)
    touched = [key for key in after.keys() & before.keys() if after[key] != before[key]]
    assert len(touched) == restated["changed"]


def test_an_unknown_ad_gets_a_stub(make_system):
    system, connection = started(make_system)
    system.sync(connection, "--metrics")
    assert system.query("SELECT count(*) FROM entities WHERE connection_id = %s AND (details->>'stub')::boolean", connection)[0][0] > 0
    system.sync(connection, "--entities")
    assert_truth(system, connection)


def test_an_outsiders_request_becomes_a_run_and_a_bad_one_is_rejected(make_system, redis):
    system = make_system()
    system.scheduler()
    system.worker()
    connection = system.connect()
    wanted = "0b54c3e4-0000-4000-8000-0000000000aa"
    good = {"connection_id": connection, "kind": "entities", "id": wanted}
    redis.rpush("{metricx}:requests", json.dumps(good), json.dumps(good), "not json", json.dumps({**good, "kind": "all"}),
                json.dumps({"connection_id": "0b54c3e4-0000-4000-8000-0000000000bb", "kind": "full"}))
    wait_for("the run", lambda: redis.hget(f"{{metricx}}:run:{wanted}", "status") == b"succeeded")
    runs = system.query("SELECT id::text, trigger, status FROM sync_runs")
    assert [tuple(run) for run in runs] == [(wanted, "external", "succeeded")]
    rejected = wait_for("the rejections", lambda: len(redis.lrange("{metricx}:requests:rejected", 0, -1)) == 3
                        and [json.loads(r) for r in redis.lrange("{metricx}:requests:rejected", 0, -1)])
    reasons = " | ".join(r["reason"] for r in rejected)
    assert "kind" in reasons and "no JSON" in reasons and "0b54c3e4-0000-4000-8000-0000000000bb" in reasons
    assert redis.llen("{metricx}:requests:taking") == 0


def test_two_schedulers_and_four_workers_stay_within_the_budget(make_system, redis):
    window, limit = 10, 20
    system = make_system(META_CALLS_PER_WINDOW=limit, META_WINDOW_SECONDS=window, CHUNK_DAYS=3, PAGE_LIMIT=100)
    for _ in range(2):
        system.scheduler()
    for _ in range(4):
        system.worker()
    system.sandbox.post("clock", stop=True)
    connection = system.connect()
    started = time.monotonic()
    run = system.sync(connection)
    assert run["status"] == "succeeded"
    assert_truth(system, connection)
    calls = system.sandbox.calls(window=window)
    assert calls["max_in_window"] <= limit
    assert calls["refused"] == 0
    times = sorted(call["at_ms"] for call in calls["calls"])
    seconds = (times[-1] - times[0]) / 1000
    assert seconds > 3 * window, "the test needs several windows of work"
    # Of what any rolling window allows while there is work; the first window's worth is free at the start.
    assert len(times) >= 0.85 * limit * seconds / window, (len(times), seconds, time.monotonic() - started)
    assert system.query("SELECT count(*) FROM sync_runs")[0][0] == 1


def pages_asked_twice(calls):
    seen, twice = set(), 0
    for call in calls["calls"]:
        if call["kind"] == "insights" and call["status"] == 200:
            twice += call["query"] in seen
            seen.add(call["query"])
    return twice


def half_done(system, connection, pages):
    """A backfill of which so many pages were asked for."""
    run = system.metricx("sync", "--connection", connection).splitlines()[0]
    wait_for("the middle of the backfill", lambda: system.sandbox.calls()["counts"]["insights"] >= pages)
    return run


def assert_ends_exactly(system, connection, run):
    wait_for("the end of the run", lambda: system.query("SELECT status FROM sync_runs WHERE id = %s", run)[0][0] == "succeeded")
    assert_truth(system, connection)


def test_a_killed_worker_costs_at_most_the_page_it_was_reading(make_system):
    system, connection = started(make_system, "--latency-ms", "30", LEASE_SECONDS=2, CHUNK_DAYS=30, PAGE_LIMIT=50, WORKER_CONCURRENCY=3)
    first = system.daemons[-1]
    run = half_done(system, connection, 20)
    first.kill()
    in_flight = system.query("SELECT count(*) FROM sync_chunks WHERE run_id = %s AND status = 'running'", run)[0][0]
    assert in_flight > 0
    system.worker()
    assert_ends_exactly(system, connection, run)
    assert pages_asked_twice(system.sandbox.calls()) <= in_flight


def test_an_error_in_the_middle_is_retried_at_its_page(make_system):
    system, connection = started(make_system, CHUNK_DAYS=30, PAGE_LIMIT=100)
    system.sandbox.post("fault", kind="status_500", match="insights", count=1, skip=6)
    run = system.sync(connection)
    assert run["status"] == "succeeded"
    assert_truth(system, connection)
    assert system.sandbox.calls()["faults_struck"] == 1
    assert system.query("SELECT sum(attempts) FROM sync_chunks")[0][0] == 1
    assert pages_asked_twice(system.sandbox.calls()) == 0


def test_sigterm_hands_work_back_and_another_worker_ends_it(make_system):
    system, connection = started(make_system, "--latency-ms", "20", CHUNK_DAYS=30, PAGE_LIMIT=50)
    worker = system.daemons[-1]
    run = half_done(system, connection, 15)
    worker.stop()
    assert system.query("SELECT max(attempts) FROM sync_chunks")[0][0] == 0
    system.worker()
    assert_ends_exactly(system, connection, run)
    assert pages_asked_twice(system.sandbox.calls()) == 0


def test_scheduled_work_that_somebody_asks_for_moves_up(make_system, redis):
    system = make_system()
    connection = system.connect()
    (run,), = system.query("INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, due_at) "
                           "SELECT workspace_id, id, 'full', 'nightly', now() FROM connections RETURNING id::text")
    system.scheduler()

    def lanes():
        return {redis.hget(key, "lane").decode() for key in redis.keys("{metricx}:job:*")}

    wait_for("the nightly jobs", lambda: lanes() == {"normal"})
    assert system.metricx("sync", "--connection", connection).splitlines()[0] == run
    wait_for("the jobs in the high lane", lambda: lanes() == {"high"})
    assert redis.zcard("{metricx}:gate:high") == 1


def test_a_flush_of_redis_loses_no_work(make_system, redis):
    system, connection = started(make_system, "--latency-ms", "20", LEASE_SECONDS=2, CHUNK_DAYS=5, PAGE_LIMIT=100,
                                 META_CALLS_PER_WINDOW=2000)
    run = half_done(system, connection, 10)
    redis.flushall()
    assert_ends_exactly(system, connection, run)


def test_dashboards_are_told_each_change_once(make_system, redis):
    listener = redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("{metricx}:events")
    listener.get_message(timeout=5)
    system = make_system()
    system.scheduler()
    worker = system.worker()
    connection = system.connect()
    run = system.sync(connection)

    def heard(run_id=None):
        while message := listener.get_message(timeout=0.1):
            events.append(json.loads(message["data"]))
        return [e["type"] for e in events if e["run_id"] == run_id]

    events = []
    types = wait_for("the end of the run", lambda: "run.succeeded" in (t := heard(run["id"])) and t)
    assert types[0] == "run.started" and types[-1] == "run.succeeded"
    assert types.count("run.started") == types.count("run.succeeded") == 1
    assert types.count("run.progress") >= 2
    told = {k.decode(): v.decode() for k, v in redis.hgetall(f"{{metricx}}:run:{run['id']}").items()}
    assert (told["status"], told["kind"], told["connection_id"]) == ("succeeded", "full", connection)
    assert int(told["chunks_done"]) == int(told["chunks_total"]) == run["chunks_total"]
    assert int(told["calls"]) == run["calls"] and int(told["rows"]) == run["progress"]["rows"]

    worker.stop()
    cancelled = system.metricx("sync", "--connection", connection, "--force").splitlines()[0]
    system.metricx("cancel", cancelled)
    wait_for("the cancelled run", lambda: heard(cancelled).count("run.cancelled") == 1)
    system.worker()
    system.sandbox.post("token", token="sandbox-token", state="expired")
    refused = system.metricx("sync", "--connection", connection, "--entities").splitlines()[0]
    wait_for("the refused run", lambda: heard(refused).count("run.failed") == 1 and "connection.needs_reauth" in heard())
    system.sandbox.post("token", token="sandbox-token", state="ok")
    system.metricx("connection", "token", connection, "--stdin", stdin="sandbox-token")
    wait_for("the recovered connection", lambda: "connection.recovered" in heard())
    assert len({e["event_id"] for e in events}) == len(events)


def test_a_refused_token_makes_the_connection_say_so(make_system):
    system = make_system()
    system.scheduler()
    system.worker()
    connection = system.connect()
    system.sandbox.post("token", token="sandbox-token", state="expired")
    done = system.metricx("sync", "--connection", connection, "--wait", code=None)
    assert done.returncode == 1
    row = system.query("SELECT status, error_code, status_reason FROM connections WHERE id = %s", connection)[0]
    assert row["status"] == "needs_reauth" and row["error_code"] == "needs_reauth"
    assert "needs_reauth" in done.stderr or "token" in done.stderr


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_the_last_day_is_the_accounts_own(make_system, zone):
    system, connection = started(make_system, "--zone", zone)
    run = system.sync(connection)
    today = datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date()
    assert run["date_to"] == str(today) and run["date_from"] == str(today - datetime.timedelta(days=90))
    assert_truth(system, connection)


def test_no_secret_in_logs_redis_or_tables(make_system, redis):
    system = make_system(LOG_LEVEL="debug", META_APP_SECRET="app-secret-word")
    system.scheduler()
    system.worker()
    connection = system.connect()
    system.sync(connection)
    system.stop()
    hidden = ("sandbox-token", system.env["TOKEN_ENCRYPTION_KEY"], "app-secret-word")
    for log in system.folder.glob("metricx-*.log"):
        assert not any(word in log.read_text() for word in hidden), log
    for key in redis.keys("*"):
        assert not any(word.encode() in redis.dump(key) for word in hidden), key
    for (table,) in system.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        text = system.query(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")[0][0]
        assert not any(word in text for word in hidden), table


def test_runs_that_are_kept_cost_a_sync_nothing(make_system):
    """Nothing reads all of them: with thousands, each chunk would take seconds."""
    system = make_system()
    connection = system.connect()
    system.query("""INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, status, planned, told, created_at, finished_at)
                    SELECT workspace_id, id, 'full', 'manual', 'cancelled', 'all', 'cancelled', now(), now()
                      FROM connections, generate_series(1, 5000);
                    INSERT INTO sync_chunks (run_id, connection_id, kind, status, ordinal, finished_at)
                    SELECT id, connection_id, 'entities', 'cancelled', 0, now() FROM sync_runs;
                    ANALYZE""")
    system.scheduler()
    system.worker()
    assert system.sync(connection)["status"] == "succeeded"
    read = "SELECT sum(idx_scan)::int FROM pg_stat_user_indexes WHERE indexrelname = 'sync_chunks_run'"
    wait_for("the statistics", lambda: system.query(read)[0][0] > 10)
    assert system.query(read)[0][0] < 5000
