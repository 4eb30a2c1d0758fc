"""The right days, each in the account's own zone, at the fewest calls."""
import datetime
import math
import zoneinfo

import pytest

from test_numbers import started, states
from truth import assert_truth


@pytest.mark.parametrize("ads, campaigns, adsets", [(5, 1, 2), (100, 10, 20), (400, 10, 40)])
def test_nearly_every_page_is_full(make_system, ads, campaigns, adsets):
    """At most 1.05 x full pages + 2, the totals' call apart; the sizes above are in tests/bench."""
    system, connection = started(make_system, "--ads", str(ads), "--campaigns", str(campaigns), "--adsets", str(adsets))
    run = system.sync(connection)
    (rows,), = system.query("SELECT count(*) FROM metric_facts")
    calls = system.sandbox.calls()["counts"]["insights"] - 1
    assert calls <= 1.05 * math.ceil(rows / 1000) + 2, (calls, rows)
    assert run["status"] == "succeeded" and set(states(system, connection).values()) == {("verified", None)}
    if ads == 100:
        assert calls + 1 <= 10


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


def test_a_night_over_many_accounts_changes_only_what_was_restated(make_system):
    accounts = 20
    system = make_system(sandbox=("--accounts", str(accounts), "--ads", "4", "--campaigns", "1", "--adsets", "2"),
                         BACKFILL_DAYS=7, RESTATE_DAYS=7)
    system.scheduler()
    system.worker()
    system.sandbox.post("clock", stop=True)
    workspace = system.metricx("workspace", "create", "night")
    connections = [system.connect(f"act_{1001 + n}", workspace=workspace) for n in range(accounts)]
    for connection in connections:
        system.sync(connection)
    before = dict(((row[0], row[1]), row[2]) for row in system.query("SELECT entity_id::text, event_date, xmin::text FROM metric_facts"))
    (today,), = system.query("SELECT min((now() AT TIME ZONE timezone)::date) FROM connections")
    restated = system.sandbox.post("restate", **{"from": str(today - datetime.timedelta(5)),
                                                 "to": str(today - datetime.timedelta(2)), "percent": "2"})
    assert restated["changed"] > 0
    for connection in connections:
        system.metricx("sync", "--connection", connection, "--force", "--wait")
    after = dict(((row[0], row[1]), row[2]) for row in system.query("SELECT entity_id::text, event_date, xmin::text FROM metric_facts"))
    touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert len(touched) == restated["changed"] + restated["vanished"] + restated["appeared"]
    logged = {(row[0], row[1]) for row in system.query("SELECT entity_id::text, event_date FROM restatements")}
    assert logged == touched
