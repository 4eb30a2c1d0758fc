"""Meta wants less data at once: whatever is too much, the tables become the truth, and the rest never suffers."""
import json
import time

import pytest

from system import started, wait_for
from test_numbers import states
from truth import assert_truth, differences, stored_facts, true_facts

DAYS = ("2026-10-01", "2026-10-12")


@pytest.fixture
def ladder(make_system):
    """ladder(bounds…): a system whose sandbox refuses what is above them, and one connection."""
    def make(*sandbox, settings=None, **bounds):
        system, connection = started(make_system, *sandbox, META_CALLS_PER_WINDOW=5000, CHUNK_DAYS=30,
                                     **(settings or {}))
        system.sandbox.post("too-much", **bounds)
        return system, connection
    return make


def metrics(system, connection, days=DAYS, *more):
    """Reads the days; the run."""
    return system.sync(connection, "--metrics", "--from", days[0], "--to", days[1], *more)


def refused(system):
    return sum(call["status"] != 200 for call in system.sandbox.calls()["calls"])


def assert_facts(system, connection, days=DAYS):
    truth = system.sandbox.truth(**{"from": days[0], "to": days[1]})
    assert truth["facts"]
    assert differences(stored_facts(system, connection), true_facts(truth)) == []
    assert set(states(system, connection).values()) == {("verified", None)}


def chunks(system, columns="status, rung, page_limit, days_limit, attempts"):
    return system.query(f"SELECT {columns} FROM sync_chunks WHERE kind = 'metrics' AND NOT totals ORDER BY date_from")


@pytest.mark.parametrize("coded", [False, True])
def test_pages_shrink_until_one_is_answered(ladder, coded):
    system, connection = ladder(rows=70, coded=coded)
    run = metrics(system, connection)
    assert_facts(system, connection)
    assert [list(row) for row in chunks(system)] == [["done", 0, 62, None, 0]]
    assert run["calls"] == len(system.sandbox.calls()["calls"]) - 1  # but the account check
    assert refused(system) == 2
    assert all(chunk[0] == 1 for chunk in chunks(system, "deliveries"))


def test_pages_shrink_in_mid_slice_and_what_is_staged_stays(ladder):
    system, connection = ladder(settings={"PAGE_LIMIT": 200})
    system.sandbox.post("fault", kind="error", match="insights", skip=3, count=1, status=500, code=1,
                        message="Please reduce the amount of data you're asking for, then retry your request")
    metrics(system, connection)
    assert_facts(system, connection)
    assert [list(row) for row in chunks(system)] == [["done", 0, 50, None, 0]]
    asked = [call["query"] for call in system.sandbox.calls()["calls"]]
    assert refused(system) == 1 and len(asked) == len(set(asked))


def test_ranges_are_cut_until_they_are_answered(ladder):
    system, connection = ladder(cells=3 * 100)
    run = metrics(system, connection)
    assert_facts(system, connection)
    found = chunks(system, "status, page_limit, days_limit, attempts, date_to - date_from + 1")
    assert [list(row) for row in found] == [["done", None, 3, 0, 3]] * 4
    assert refused(system) == 4 + 3  # the pages; 12 days and the two times 6
    assert run["status"] == "succeeded" and run["chunks_total"] == 5


@pytest.mark.parametrize("rows", [100, 1])
def test_listings_have_smaller_pages(ladder, rows):
    system, connection = ladder(*(["--ads", "20"] if rows == 1 else []), entity_rows=rows)
    system.sync(connection, "--entities")
    system.sandbox.post("too-much")
    system.sync(connection)
    assert_truth(system, connection)


def test_a_listing_that_cannot_be_had_says_why(ladder):
    system, connection = ladder()
    system.sandbox.post("fault", kind="error", match="/campaigns", count=-1, status=500, code=1, message="Please reduce the "
                        "amount of data you're asking for, then retry your request")
    done = system.metricx("sync", "--connection", connection, "--entities", "--wait", code=1)
    run = json.loads(system.metricx("run", done.splitlines()[0], "--json"))
    assert (run["status"], run["error_code"]) == ("failed", "too_much_data")
    assert "Please reduce" in run["error"]


def test_a_day_that_cannot_be_had_is_a_dead_letter_and_all_others_are_stored(ladder):
    system, connection = ladder(day="2026-10-05", coded=True)
    system.sandbox.post("report", polls=0)
    done = system.metricx("sync", "--connection", connection, "--metrics", "--from", DAYS[0], "--to", DAYS[1], "--wait", code=1)
    run = json.loads(system.metricx("run", done.splitlines()[0], "--json"))
    assert (run["status"], run["error_code"]) == ("partial", "too_much_data")
    dead = [row for row in chunks(system, "status, date_from::text, date_to::text, error_code, error") if row[0] == "dead"]
    assert [row[1:4] for row in dead] == [["2026-10-05", "2026-10-05", "too_much_data"]] and "reduce" in dead[0][4]
    truth = system.sandbox.truth(**{"from": DAYS[0], "to": DAYS[1]})
    true = {key: row for key, row in true_facts(truth).items() if key[1] != "2026-10-05"}
    assert differences(stored_facts(system, connection), true) == []
    coverage = json.loads(system.metricx("coverage", "--connection", connection, "--json"))
    days = {day["event_date"]: (day["state"], day["cause"]) for day in coverage["items"] if day["state"] != "missing"}
    assert days.pop("2026-10-05") == ("failing", "too_much_data")
    assert len(days) == 11 and set(days.values()) == {("verified", None)}
    system.sandbox.post("too-much")
    system.metricx("dead", "retry", "--all")
    metrics(system, connection)
    assert_facts(system, connection)


def test_fields_are_asked_for_in_two_parts_and_joined(ladder):
    system, connection = ladder(fields=8, settings={"PAGE_LIMIT": 40})
    days = ("2026-10-01", "2026-10-02")
    run = metrics(system, connection, days)
    assert_facts(system, connection, days)
    assert [list(row) for row in chunks(system)] == [["done", 1, None, 1, 0]] * 2
    assert run["rows_inserted"] == len(stored_facts(system, connection))


# ---- reports ----

DAY = ("2026-10-01", "2026-10-01")


def reports(system):
    return system.sandbox.get("reports")


def start_report(ladder, days=DAY, **plan):
    """A run of one day that only a report answers; once it was asked for."""
    system, connection = ladder(unless_report=True, settings={"PAGE_LIMIT": 40})
    system.sandbox.post("report", **plan)
    run = system.metricx("sync", "--connection", connection, "--metrics", "--from", days[0], "--to", days[1]).splitlines()[0]
    wait_for("the report", lambda: system.query("SELECT report_id FROM sync_chunks WHERE report_id IS NOT NULL"))
    return system, connection, run


def ended(system, run):
    wait_for("the run", lambda: system.query("SELECT 1 FROM sync_runs WHERE id = %s AND finished_at IS NOT NULL", run))
    return json.loads(system.metricx("run", run, "--json"))


def test_a_report_answers_what_no_call_does(ladder):
    days = ("2026-10-01", "2026-10-02")
    system, connection, run = start_report(ladder, days, polls=1)
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection, days)
    assert [list(row) for row in chunks(system)] == [["done", 2, None, 1, 0]] * 2
    seen = reports(system)
    assert (seen["created"], seen["polls"]) == (2, 4) and seen["pages"] > 2
    run = json.loads(system.metricx("run", run, "--json"))
    assert run["calls"] == len(system.sandbox.calls()["calls"]) - 1  # each passed the budget; one checked the account


def test_hours_come_as_a_report_too(ladder):
    system, connection = ladder(unless_report=True)
    system.sandbox.post("report", polls=0)
    metrics(system, connection, DAY, "--granularity", "hour")
    assert reports(system)["created"] == 1
    truth = system.sandbox.truth(granularity="hour", **{"from": DAY[0], "to": DAY[1]})
    stored = system.query("SELECT e.external_id, f.event_hour, f.spend, f.impressions, f.clicks FROM metric_facts_hourly f"
                          " JOIN entities e ON e.id = f.entity_id")
    true = {(row["external_id"], row["event_hour"]): [float(row[k]) for k in ("spend", "impressions", "clicks")]
            for row in truth["facts"]}
    assert true and {(row[0], row[1]): [float(x) for x in row[2:]] for row in stored} == true


@pytest.mark.parametrize("crash", ["worker", "postgres", "redis"])
def test_a_report_that_is_pending_is_not_made_twice(ladder, postgres, redis_server, crash):
    system, connection, run = start_report(ladder, polls=1)
    if crash == "worker":
        system.daemons[1].kill()
        system.worker()
    elif crash == "postgres":
        postgres.crash()
        postgres.start()
    else:
        redis_server.client().flushall()
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection, DAY)
    assert reports(system)["created"] == 1
    assert [list(row) for row in chunks(system, "attempts, deliveries, reports_made")] == [[0, 1, 1]]


def test_a_worker_that_dies_while_it_looks_or_reads_makes_no_second_report(make_system):
    system, connection = started(make_system, "--latency-ms", "400", LEASE_SECONDS=3, PAGE_LIMIT=40)
    system.sandbox.post("too-much", unless_report=True)
    system.sandbox.post("report", polls=1)
    run = system.metricx("sync", "--connection", connection, "--metrics", "--from", DAY[0], "--to", DAY[1]).splitlines()[0]
    for what, count in (("polls", 1), ("pages", 2)):
        wait_for(what, lambda: reports(system)[what] >= count)
        next(d for d in system.daemons[1:] if d.process.poll() is None).kill()
        system.worker()
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection, DAY)
    assert reports(system)["created"] == 1


def test_a_report_that_fails_is_made_anew(ladder):
    system, connection, run = start_report(ladder, polls=0, outcome="failed", error_code=2, error_subcode=0, count=1)
    system.sandbox.post("report", polls=0)
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection, DAY)
    assert reports(system)["created"] == 2


@pytest.mark.parametrize("outcome", ["vanished", "stuck"])
def test_a_report_that_comes_to_nothing_is_made_anew(ladder, outcome):
    system, connection, run = start_report(ladder, polls=0, outcome=outcome, count=1)
    system.sandbox.post("report", polls=0)
    system.query("UPDATE sync_chunks SET report_at = report_at - interval '31 minutes',"
                 " report_moved_at = report_moved_at - interval '31 minutes'")
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection, DAY)
    assert reports(system)["created"] == 2


# ---- campaign by campaign ----

def test_campaigns_are_asked_one_by_one_when_a_report_fails_too(ladder):
    """The report says that it is too much as well: it is not made anew."""
    system, connection = ladder(unless_campaign=True, settings={"PAGE_LIMIT": 20})
    system.sandbox.post("report", polls=0)
    run = metrics(system, connection, DAY)
    assert_facts(system, connection, DAY)
    assert [list(row) for row in chunks(system)] == [["done", 3, None, 1, 0]]
    assert reports(system)["created"] == 1
    assert run["calls"] == len(system.sandbox.calls()["calls"]) - 1
    assert run["rows_inserted"] == len(stored_facts(system, connection))


def test_a_worker_that_dies_between_two_campaigns_costs_a_page(make_system):
    system, connection = started(make_system, "--latency-ms", "200", LEASE_SECONDS=3, PAGE_LIMIT=10)
    system.sandbox.post("too-much", unless_campaign=True)
    system.sandbox.post("report", polls=0)
    run = system.metricx("sync", "--connection", connection, "--metrics", "--from", DAY[0], "--to", DAY[1]).splitlines()[0]
    wait_for("some campaigns", lambda: system.query("SELECT 1 FROM chunk_cursor WHERE campaigns IS NOT NULL AND page > 5"))
    system.daemons[1].kill()
    system.worker()
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection, DAY)
    asked = [call["query"] for call in system.sandbox.calls()["calls"] if call["status"] == 200]
    assert len(asked) - len(set(asked)) <= 1


# ---- what worked is remembered ----

BOUNDS = [dict(rows=70), dict(cells=100), dict(fields=8), dict(unless_report=True), dict(unless_campaign=True)]


@pytest.mark.parametrize("bounds", BOUNDS, ids=lambda bounds: next(iter(bounds)))
def test_the_next_sync_makes_no_failing_call_and_a_day_later_the_bigger_question_is_tried(ladder, bounds):
    days = ("2026-10-01", "2026-10-02")
    system, connection = ladder(**bounds)
    system.sandbox.post("report", polls=0)
    metrics(system, connection, days)
    assert refused(system) > 0
    for _ in range(2):
        before = refused(system)
        metrics(system, connection, days)
        assert refused(system) == before
        assert_facts(system, connection, days)
    system.query("UPDATE connection_limits SET learned_at = learned_at - interval '25 hours'")
    metrics(system, connection, days)
    assert refused(system) > before, "a bigger question was tried"
    system.sandbox.post("too-much")
    system.query("UPDATE connection_limits SET learned_at = learned_at - interval '9 days'")
    before = refused(system)
    run = metrics(system, connection, days)
    assert refused(system) == before and run["calls"] == 2, "the account's totals, and one page for all"
    assert_facts(system, connection, days)


def test_listings_are_remembered_too(ladder):
    system, connection = ladder(entity_rows=100)
    system.sync(connection, "--entities", "--force")
    before = refused(system)
    system.sync(connection, "--entities", "--force")
    assert refused(system) == before > 0


def test_a_forecast_counts_on_what_was_little_enough(ladder):
    system, connection = ladder(cells=3 * 100)
    metrics(system, connection)
    asked = ("sync", "--connection", connection, "--metrics", "--from", DAYS[0], "--to", DAYS[1], "--forecast", "--json")
    assert json.loads(system.metricx(*asked))["chunks"] == 5  # the account's totals, and 12 days by 3


def test_killed_all_the_way_down_the_tables_are_the_same(make_system):
    """Cuts, parts, listings of changes of shape: at whatever commit the worker dies, nothing is lost and nothing stored twice."""
    system, connection = started(make_system, "--latency-ms", "40", LEASE_SECONDS=2, CHUNK_DAYS=30, PAGE_LIMIT=30,
                                 META_CALLS_PER_WINDOW=5000)
    system.sandbox.post("too-much", cells=4 * 100, fields=8)
    run = system.metricx("sync", "--connection", connection, "--metrics", "--from", DAYS[0], "--to", DAYS[1]).splitlines()[0]
    for i in range(8):
        time.sleep(0.3 + 0.17 * i)
        next(d for d in system.daemons[1:] if d.process.poll() is None).kill()
        system.worker()
    assert ended(system, run)["status"] == "succeeded"
    assert_facts(system, connection)
    days = system.query("SELECT day::date::text, count(*) FROM sync_chunks c CROSS JOIN LATERAL"
                        " generate_series(c.date_from::timestamp, c.date_to::timestamp, interval '1 day') day"
                        " WHERE c.kind = 'metrics' AND NOT c.totals GROUP BY 1")
    assert len(days) == 12 and {count for _, count in days} == {1}, "each day belongs to one chunk"
