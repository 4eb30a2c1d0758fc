"""What outsiders send without end or measure: a named limit ends it, and the rest goes on."""
import json

import pytest
import redis as redis_client

from system import started, wait_for
from test_numbers import states
from truth import assert_truth

DAYS = ("2026-10-01", "2026-10-12")
PAGES_MAX, RUNS_MAX = 10000, 100


@pytest.fixture
def flooded(make_system):
    """flooded(kind, match, setting=value…): a system whose sandbox does this to every call that matches."""
    def make(kind, match="insights", count=-1, **settings):
        system, connection = started(make_system, META_CALLS_PER_WINDOW=5000, CHUNK_DAYS=30, **settings)
        system.sandbox.post("fault", kind=kind, match=match, count=count)
        return system, connection
    return make


def metrics(system, connection, first=DAYS[0], last=DAYS[1], code=0):
    run = system.metricx("sync", "--connection", connection, "--wait", "--metrics", "--from", first, "--to", last,
                         code=code).splitlines()[0]
    return json.loads(system.metricx("run", run, "--json"))


def chunks(system, columns):
    return [list(row) for row in system.query(f"SELECT {columns} FROM sync_chunks WHERE kind = 'metrics' AND NOT totals")]


def test_what_is_too_large_is_asked_for_in_smaller_pages(flooded):
    system, connection = flooded("huge")
    system.sync(connection)
    assert_truth(system, connection)
    assert {tuple(row) for row in chunks(system, "status, rung, page_limit, attempts")} == {("done", 0, 250, 0)}


@pytest.mark.parametrize("kind, words", [("deep", "nested more than 64 deep"),
                                         ("bomb", "the answer is larger than 16777216 bytes")])
def test_a_day_that_is_always_too_much_is_a_dead_letter_and_the_others_are_stored(flooded, kind, words):
    system, connection = flooded(kind, '{"since":"2026-10-05","until":"2026-10-05"}')
    run = metrics(system, connection, "2026-10-05", "2026-10-05", code=1)
    assert (run["status"], run["error_code"]) == ("failed", "limit_reached") and words in run["error"]
    assert states(system, connection)["2026-10-05"] == ("failing", "limit_reached")
    assert metrics(system, connection, "2026-10-06", "2026-10-12")["status"] == "succeeded"
    assert states(system, connection)["2026-10-06"] == ("verified", None)


def test_more_rows_than_were_asked_for_are_rows_too(flooded):
    system, connection = flooded("many_rows", "", PAGE_LIMIT=20)
    system.sync(connection)
    assert_truth(system, connection)


def test_a_listing_without_end_is_given_up(flooded):
    system, connection = flooded("endless", "", PAGE_LIMIT=100)
    run = system.metricx("sync", "--connection", connection, "--metrics", "--from", DAYS[0], "--to", DAYS[1])

    def run_ended():
        system.query("UPDATE chunk_cursor SET page = %s WHERE page BETWEEN 20 AND 9000", PAGES_MAX - 2)
        return system.query("SELECT 1 FROM sync_runs WHERE id = %s AND status = 'failed'", run)

    wait_for("the end", run_ended)
    ended = system.query("SELECT DISTINCT status, error_code, error FROM sync_chunks WHERE status = 'dead'")
    assert [list(row) for row in ended] == [["dead", "limit_reached", f"the slice has more than {PAGES_MAX} pages"]]
    assert system.query("SELECT count(*) FROM chunk_facts")[0][0] == 0
    system.sandbox.post("fault", clear=True)
    assert metrics(system, connection)["status"] == "succeeded"


@pytest.fixture
def redis(redis_server):
    return redis_client.Redis(port=redis_server.port)


def requested(redis, connection, **more):
    redis.rpush("{metricx}:requests", json.dumps({"connection_id": connection, "kind": "entities", **more}))


def test_a_request_of_a_hundred_megabytes_stands_in_nobodys_way(make_system, redis):
    system = make_system()
    connection = system.connect()
    wanted = "0b54c3e4-0000-4000-8000-0000000000aa"
    for chain in ("requests", "requests:taking"):
        redis.rpush(f"{{metricx}}:{chain}", b"x" * (100 << 20))
    requested(redis, connection, id=wanted)
    system.scheduler()
    wait_for("the run", lambda: redis.hget(f"{{metricx}}:run:{wanted}", "status"))
    rejected = [json.loads(text) for text in redis.lrange("{metricx}:requests:rejected", 0, -1)]
    assert [(r["request"], r["reason"]) for r in rejected] == [("", "the request has more than 4096 bytes")] * 2
    assert redis.llen("{metricx}:requests:taking") == redis.llen("{metricx}:requests") == 0


def test_a_connection_has_so_many_open_runs_and_no_more(make_system, redis):
    system = make_system()
    connection = system.connect()
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 7) for day in range(1, 29)]
    for day in days[:RUNS_MAX + 20]:
        requested(redis, connection, **{"kind": "metrics", "from": day, "to": day})
    system.scheduler()
    rejected = wait_for("the rejections", lambda: redis.llen("{metricx}:requests:rejected") == 20
                        and redis.lrange("{metricx}:requests:rejected", 0, -1))
    words = f"connection {connection} has {RUNS_MAX} open runs: no more until one has ended"
    assert {json.loads(text)["reason"] for text in rejected} == {words}
    assert system.query("SELECT count(*) FROM sync_runs")[0][0] == RUNS_MAX
    one = ("sync", "--connection", connection, "--metrics", "--from")
    assert words in system.metricx(*one, "2026-07-01", "--to", "2026-07-01", code=None).stderr
    joined = system.metricx(*one, days[0], "--to", days[0])
    system.metricx("cancel", joined)
    assert system.metricx(*one, "2026-07-01", "--to", "2026-07-01") != joined
