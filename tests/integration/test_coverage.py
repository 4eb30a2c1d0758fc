"""What is known of each day, what the provider changed afterwards, and whether it says the same now."""
import datetime
import decimal
import json

import pytest

from test_numbers import started

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def table(text):
    return [line.split() for line in text.splitlines()[1:]]


def test_coverage_shows_each_day_and_why(make_system):
    system, connection = started(make_system)
    done = system.metricx("coverage", "--connection", connection, code=None)
    assert (done.returncode, done.stdout) == (0, "") and "nothing is known" in done.stderr
    assert UNKNOWN in system.metricx("coverage", "--connection", UNKNOWN, code=None).stderr
    system.sync(connection)
    (today,), = system.query("SELECT max(event_date) FROM account_days")
    first, middle = today - datetime.timedelta(90), today - datetime.timedelta(40)
    assert table(system.metricx("coverage", "--connection", connection)) == [
        [str(first), str(today), "91", "day", "verified", "-", "false"]]
    system.query("DELETE FROM account_days WHERE event_date = %s", middle)
    system.query("UPDATE account_days SET state = 'differs', cause = 'lost' WHERE event_date > %s AND event_date <= %s",
                 middle, middle + datetime.timedelta(2))
    system.query("UPDATE account_days SET restated = true WHERE event_date = %s", today)
    assert [line[:6] for line in table(system.metricx("coverage", "--connection", connection))] == [
        [str(first), str(middle - datetime.timedelta(1)), "50", "day", "verified", "-"],
        [str(middle), str(middle), "1", "day", "missing", "-"],
        [str(middle + datetime.timedelta(1)), str(middle + datetime.timedelta(2)), "2", "day", "differs", "lost"],
        [str(middle + datetime.timedelta(3)), str(today - datetime.timedelta(1)), "37", "day", "verified", "-"],
        [str(today), str(today), "1", "day", "verified", "-"]]
    items = json.loads(system.metricx("coverage", "--connection", connection, "--json"), parse_float=str)["items"]
    assert [item["event_date"] for item in items] == [str(first + datetime.timedelta(n)) for n in range(91)]
    known = {str(day): spend for day, spend in system.query("SELECT event_date, total_spend::text FROM account_days")}
    assert {item["event_date"]: item["total_spend"] and str(item["total_spend"]) for item in items} == \
        {str(middle): None, **known}
    yesterday = today - datetime.timedelta(1)
    system.query("DELETE FROM account_days WHERE event_date >= %s", yesterday)
    assert table(system.metricx("coverage", "--connection", connection))[-1][:6] == [str(yesterday), str(today), "2", "day", "missing", "-"]


def test_days_that_could_not_be_read_again_are_failing_and_keep_their_numbers(make_system):
    system, connection = started(make_system)
    system.sync(connection)
    (today,), = system.query("SELECT max(event_date) FROM account_days")
    first, last = (str(today - datetime.timedelta(n)) for n in (5, 4))
    range_ = ("--connection", connection, "--from", first, "--to", last)
    before = system.query("SELECT entity_id, event_date, spend, ingested_at FROM metric_facts ORDER BY 1, 2")
    system.sandbox.post("restate", **{"from": first, "to": last, "percent": "30"})
    system.sandbox.post("fault", kind="error", status=400, code=100, match="insights", count=-1)
    system.metricx("sync", *range_, "--wait", code=1)
    system.sandbox.post("fault", clear=True)
    failing = [line for line in table(system.metricx("coverage", "--connection", connection)) if line[4] == "failing"]
    assert failing == [[first, last, "2", "day", "failing", "bad_request", "false"]]
    assert system.query("SELECT entity_id, event_date, spend, ingested_at FROM metric_facts ORDER BY 1, 2") == before
    assert system.metricx("verify", *range_, code=None).stdout.count("failing: ") == 2
    system.sync(connection, "--from", first, "--to", last)
    assert "failing" not in system.metricx("coverage", "--connection", connection)
    assert system.metricx("verify", *range_)


def test_restatements_and_verify_tell_what_the_provider_changed(make_system):
    system, connection = started(make_system, "--hostile-names")
    verify = ("verify", "--connection", connection)
    (today,), = system.query("SELECT (now() AT TIME ZONE timezone)::date FROM connections")
    day = [str(today - datetime.timedelta(n)) for n in range(10)]
    done = system.metricx(*verify, "--from", day[2], "--to", day[1], code=None)
    assert done.returncode == 1 and done.stdout.count("missing") == 2 and "2 of 2 days differ" in done.stderr
    system.sync(connection)
    assert "no stored day" in system.metricx("restatements", "--connection", connection, code=None).stderr
    before = system.sandbox.calls()["total"]
    lines = table(system.metricx(*verify, "--from", day[9], "--to", day[0]))
    assert [line[0] for line in lines] == day[::-1] and {line[-1] for line in lines} == {"equal"}
    assert system.sandbox.calls()["total"] == before + 1
    stored = dict(system.query("SELECT event_date::text, trim_scale(sum(spend))::text FROM metric_facts GROUP BY 1"))
    assert all(line[1] == line[2] == stored.get(line[0], "0") for line in lines)  # a day that has just begun has no row

    restated = system.sandbox.post("restate", **{"from": day[5], "to": day[4], "percent": "30"})
    done = system.metricx(*verify, "--from", day[6], "--to", day[3], code=None)
    assert done.returncode == 1
    results = {line[0]: " ".join(line[8:]) for line in table(done.stdout)}
    assert results[day[6]] == results[day[3]] == "equal"
    assert all("restated" in results[day[n]] for n in (5, 4))
    system.sync(connection, "--from", day[5], "--to", day[4])
    assert system.metricx(*verify, "--from", day[6], "--to", day[3])

    text = system.metricx("restatements", "--connection", connection)
    items = json.loads(system.metricx("restatements", "--connection", connection, "--json"))["items"]
    assert len(text.splitlines()) == 1 + len(items) and "\t" not in text
    rows = {(item["entity_id"], item["event_date"]) for item in items}
    assert len(rows) == restated["changed"] + restated["vanished"] + restated["appeared"]
    assert {item["event_date"] for item in items} == {day[5], day[4]}
    for item in items:
        if item["column_name"] == "spend":
            (now,), = system.query("SELECT spend::text FROM metric_facts WHERE entity_id = %s AND event_date = %s",
                                   item["entity_id"], item["event_date"])
            assert (decimal.Decimal(item["new"]), item["old"] != item["new"]) == (decimal.Decimal(now), True)


def test_verify_lets_pass_what_rounding_does_and_no_more(make_system):
    """Also where sums happen to end in a zero: the currency says how far they are rounded."""
    system, connection = started(make_system)
    system.sync(connection)
    (day, rows, ad), = system.query("SELECT event_date, count(*)::int, min(entity_id::text) FROM metric_facts GROUP BY 1 "
                                    "HAVING sum(spend) = round(sum(spend), 1) AND count(*) > 1 ORDER BY 1 LIMIT 1")

    def verify(shift):
        system.query("UPDATE metric_facts SET spend = spend + %s WHERE entity_id = %s AND event_date = %s", shift, ad, day)
        (line,) = table(system.metricx("verify", "--connection", connection, "--from", str(day), "--to", str(day), code=None).stdout)
        return line[-1]

    most = decimal.Decimal(rows // 2) / 100
    assert verify(most) == "equal"
    tenths = decimal.Decimal(rows // 20 + 1) / 10  # as few units of the sums' own last digit as there are rows
    assert verify(tenths - most) != "equal"


def test_verify_refuses_what_it_cannot_ask(make_system):
    system, connection = started(make_system)
    for from_, to, word in (("2026-13-01", "2026-11-01", "--from"), ("2026-11-02", "2026-11-01", "from"),
                            ("2001-01-01", "2026-11-01", "2001-01-01"), ("2026-11-01", "2099-01-01", "future")):
        done = system.metricx("verify", "--connection", connection, "--from", from_, "--to", to, code=None)
        assert done.returncode in (1, 2) and word in done.stderr and done.stdout == ""
    system.sandbox.post("fault", kind="error", status=400, code=190, match="insights", count=-1)
    done = system.metricx("verify", "--connection", connection, "--from", "2026-11-01", "--to", "2026-11-02", code=None)
    assert done.returncode == 1 and "act_1001" in done.stderr


def test_verify_keeps_the_connections_own_limit(make_system, redis_server):
    system = make_system()
    connection = system.connect()
    (today,), = system.query("SELECT (now() AT TIME ZONE timezone)::date FROM connections")
    verify = ("verify", "--connection", connection, "--from", str(today), "--to", str(today))
    system.metricx("connection", "set", connection, "calls_per_window=3")
    redis_server.client().flushall()  # and nobody but verify makes the budget again; the ledger knows of the check that connecting made
    before = system.sandbox.calls()["total"]
    said = [system.metricx(*verify, code=None).stderr for _ in range(4)]
    assert system.sandbox.calls()["total"] == before + 2
    assert "the budget allows no call" not in said[1] and "the budget allows no call" in said[2]
    system.metricx("connection", "set", connection, "calls_per_window=5")
    assert "the budget allows no call" not in system.metricx(*verify, code=None).stderr


@pytest.mark.parametrize("code, subcode, whose", [(80004, 2446079, "act_"), (4, 0, "app")])
def test_a_block_that_verify_hears_outlives_redis_data(make_system, redis_server, code, subcode, whose):
    system = make_system()
    connection = system.connect()
    (today,), = system.query("SELECT (now() AT TIME ZONE timezone)::date FROM connections")
    verify = ("verify", "--connection", connection, "--from", str(today), "--to", str(today))
    system.sandbox.post("fault", kind="error", status=400, code=code, subcode=subcode, match="insights", count=1)
    assert system.metricx(*verify, code=None).returncode != 0
    (scope,), = system.query("SELECT scope FROM provider_blocks WHERE blocked_until > now()")
    assert scope.startswith(f"meta:{whose}")
    redis_server.client().flushall()
    before = system.sandbox.calls()["total"]
    assert "the budget allows no call" in system.metricx(*verify, code=None).stderr
    assert system.sandbox.calls()["total"] == before
