"""The right days, each in the account's own zone, at the fewest calls."""
import datetime
import math
import os
import zoneinfo

import pytest

from crowd import await_due_times, connect_all, due_at_once
from system import started, wait_for
from test_numbers import states
from truth import assert_truth


@pytest.mark.parametrize("ads, campaigns, adsets", [(5, 1, 2), (100, 10, 20), (400, 10, 40)])
def test_nearly_every_page_is_full(make_system, ads, campaigns, adsets):
    """At most 1.05 x full pages + 2, the totals' call apart."""
    system, connection = started(make_system, "--ads", str(ads), "--campaigns", str(campaigns), "--adsets", str(adsets))
    run = system.sync(connection)
    (rows,), = system.query("SELECT count(*) FROM metric_facts")
    calls = system.sandbox.calls()["counts"]["insights"] - 1
    assert calls <= 1.05 * math.ceil(rows / 1000) + 2, (calls, rows)
    assert run["status"] == "succeeded" and set(states(system, connection).values()) == {("verified", None)}
    if ads == 100:
        assert calls + 1 <= 10


@pytest.mark.skipif(os.environ.get("METRICX_FAULTS") != "all", reason="long")
def test_1000_ads_take_hardly_more_calls_than_full_pages(make_system):
    system, connection = started(make_system, "--ads", "1000", "--campaigns", "50", "--adsets", "200")
    run = system.sync(connection)
    (rows, days), = system.query("SELECT count(*), count(DISTINCT event_date) FROM metric_facts")
    (totals,), = system.query("SELECT sum(calls)::int FROM sync_chunks WHERE totals")
    calls = system.sandbox.calls()["counts"]["insights"]
    assert run["status"] == "succeeded" and rows > 80_000 and days == 91
    assert calls <= 1.05 * math.ceil(rows / 1000) + totals, (calls, rows, totals)


def test_each_account_has_its_own_last_day(make_system):
    """Twelve accounts from Kiritimati to Pago Pago, which never have the same day."""
    system = make_system(sandbox=("--accounts", "12", "--ads", "6", "--campaigns", "2", "--adsets", "3"))
    system.scheduler()
    system.worker()
    system.sandbox.post("clock", stop=True)
    workspace = system.metricx("workspace", "create", "zones")
    now = datetime.datetime.fromtimestamp(system.sandbox.get("clock")["now_ms"] / 1000, datetime.timezone.utc)
    lasts = {}
    for number in range(1001, 1013):
        account = f"act_{number}"
        connection = system.connect(account, workspace=workspace)
        system.sync(connection, "--wait")
        (zone,), = system.query("SELECT timezone FROM connections WHERE id = %s", connection)
        (first, last), = system.query("SELECT min(event_date), max(event_date) FROM account_days WHERE connection_id = %s", connection)
        today = now.astimezone(zoneinfo.ZoneInfo(zone)).date()
        # The programs' clock runs on: around midnight the sandbox's day may be the one before.
        assert last - today in (datetime.timedelta(0), datetime.timedelta(1)) and (last - first).days == 90
        lasts[zone] = last
        assert_truth(system, connection, account)
    zones = {"Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "UTC", "America/Sao_Paulo"}
    assert zones <= lasts.keys() and len(set(lasts.values())) > 1


ACCOUNTS = 200
COLUMNS = ("spend", "impressions", "clicks", "link_clicks", "conversions", "revenue", "leads", "installs", "purchases",
           "registrations", "visitors", "reach", "attribution_setting", "actions", "action_values", "currency")


def rows_of(system):
    """What is stored of each ad and day, and which version of the row it is."""
    rows = system.query(f"SELECT entity_id, event_date, xmin::text, {', '.join(f'{c}::text' for c in COLUMNS)} FROM metric_facts")
    return {(row[0], row[1]): (row[2], dict(zip(COLUMNS, row[3:]))) for row in rows}


def changes_between(before, after):
    """What the log must say, neither more nor less: values by column, whole rows that came or went."""
    for key in before.keys() | after.keys():
        if key not in before or key not in after:
            yield (*key, "row")
            continue
        for column in COLUMNS:
            old, new = before[key][1][column], after[key][1][column]
            if old != new:
                yield (*key, column, old, new)


def a_night(system):
    """All connections are due for the night that the scheduler has just missed; until their runs have ended."""
    await_due_times(system, ACCOUNTS)
    (runs,), = system.query("SELECT count(*) FROM sync_runs")
    system.query("UPDATE sync_runs SET due_at = due_at - interval '1 day'")
    due_at_once(system)
    wait_for("the night", lambda: system.query("SELECT count(*) FROM sync_runs WHERE finished_at IS NOT NULL")[0][0] ==
             runs + ACCOUNTS, 300)
    assert system.query("SELECT status, count(*) FROM sync_runs WHERE trigger <> 'nightly' OR status <> 'succeeded' GROUP BY 1") == []


def test_a_night_over_200_accounts_changes_only_what_was_restated(make_system):
    system = make_system(sandbox=("--accounts", str(ACCOUNTS), "--ads", "4", "--campaigns", "1", "--adsets", "2"),
                         BACKFILL_DAYS=7, RESTATE_DAYS=7)
    system.sandbox.post("clock", stop=True)
    assert connect_all(system) == ACCOUNTS
    system.scheduler()
    system.worker()
    a_night(system)
    first = rows_of(system)
    (today,), = system.query("SELECT min((now() AT TIME ZONE timezone)::date) FROM connections")
    restated = system.sandbox.post("restate", **{"from": str(today - datetime.timedelta(5)),
                                                 "to": str(today - datetime.timedelta(2)), "percent": "2"})
    assert restated["changed"] > 10
    system.query("UPDATE account_days SET read_at = read_at - interval '1 day'")
    system.query("UPDATE entity_listings SET read_at = read_at - interval '1 day'")
    listed = system.query("SELECT id, xmin::text FROM entities ORDER BY id")
    a_night(system)
    second = rows_of(system)
    touched = {key for key in first.keys() | second.keys() if first.get(key, [0])[0] != second.get(key, [0])[0]}
    assert len(touched) == restated["changed"] + restated["vanished"] + restated["appeared"]
    logged = [(entity, day, column) if column == "row" else (entity, day, column, old, new) for entity, day, column, old, new in
              system.query("SELECT entity_id, event_date, column_name, old, new FROM restatements")]
    assert sorted(logged, key=str) == sorted(changes_between(first, second), key=str)
    assert system.query("SELECT id, xmin::text FROM entities ORDER BY id") == listed
    for number in (1001, 1057, 1200):
        (connection,), = system.query("SELECT id FROM connections WHERE external_account_id = %s", f"act_{number}")
        (begin, end), = system.query("SELECT min(event_date)::text, max(event_date)::text FROM account_days WHERE connection_id = %s",
                                     connection)
        assert_truth(system, connection, f"act_{number}", **{"from": begin, "to": end})


def test_a_sync_larger_than_its_budget_reads_hardly_a_page_twice(make_system):
    """Three windows' worth of pages, and cursors that serve for a quarter of a window, as Meta's do."""
    system, connection = started(make_system, META_CALLS_PER_WINDOW=30, META_WINDOW_SECONDS=8, PAGE_LIMIT=100)
    system.query("""CREATE OR REPLACE FUNCTION chunk_place_serves(place chunk_cursor) RETURNS boolean LANGUAGE sql STABLE AS $$
                    SELECT CASE WHEN place.page = 1 THEN place.reread ELSE place.saved_at >= now() - interval '2 seconds' END $$""")
    run = system.sync(connection)
    assert_truth(system, connection)
    (pages,), = system.query("SELECT sum(ceil(rows / 100.0))::int FROM sync_chunks WHERE kind = 'metrics' AND NOT totals")
    calls = system.sandbox.calls()["counts"]["insights"] - 1
    assert run["status"] == "succeeded" and pages > 60 and calls <= 1.05 * pages + 2, (calls, pages)
