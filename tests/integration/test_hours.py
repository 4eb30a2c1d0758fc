"""Hours: a run with granularity "hour" stores what Meta has of each hour, and the hours of a day are its total."""
import datetime
import decimal
import json

import pytest
import redis as redis_client
from system import ACCOUNT, started, wait_for
from truth import differences

NUMBERS = ("spend", "impressions", "clicks")


def stored_hours(system, connection):
    rows = system.query(
        """SELECT f.*, e.external_id FROM metric_facts_hourly f JOIN entities e ON e.id = f.entity_id
            WHERE f.connection_id = %s""", connection)
    return {(row["external_id"], str(row["event_date"]), row["event_hour"]): {
        **{name: row[name] for name in NUMBERS}, "currency": row["currency"]} for row in rows}


def true_hours(system, range_):
    facts = system.sandbox.truth(ACCOUNT, granularity="hour", **range_)["facts"]
    return {(f["external_id"], f["event_date"], f["event_hour"]): {
        **{name: decimal.Decimal(f[name]) for name in NUMBERS}, "currency": f["currency"]} for f in facts}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
def test_hours_are_exact(make_system, redis_server, zone):
    system, connection = started(make_system, "--zone", zone)
    today = datetime.date.fromisoformat(system.sandbox.truth()["account"]["now"][:10])
    range_ = {"from": str(today - datetime.timedelta(days=12)), "to": str(today - datetime.timedelta(days=3))}
    run = {"connection_id": connection, "kind": "metrics", "granularity": "hour", "id": "9a53c5d8-65e5-4a8e-9a5f-3a1a5e0a7d11", **range_}
    system.sync(connection, "--entities")
    redis_client.Redis(port=redis_server.port).rpush("{metricx}:requests", json.dumps(run))
    wait_for("the run", lambda: system.query("SELECT 1 FROM sync_runs WHERE id = %s AND finished_at IS NOT NULL", run["id"]))
    assert system.query("SELECT status FROM sync_runs WHERE id = %s", run["id"]) == [["succeeded"]]
    stored, true = stored_hours(system, connection), true_hours(system, range_)
    found = differences(stored, true)
    assert true and not found, f"{len(found)} differences:\n" + "\n".join(found[:40])
    daily = system.sandbox.truth(ACCOUNT, **range_)["facts"]
    assert sum(row["spend"] for row in stored.values()) == sum(decimal.Decimal(f["spend"]) for f in daily)
    days = system.query("SELECT DISTINCT state, cause FROM account_days WHERE granularity = 'hour' AND connection_id = %s", connection)
    assert days == [["verified", None]]
