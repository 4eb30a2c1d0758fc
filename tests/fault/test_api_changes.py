"""Meta changes what it answers to: versions of its API die, fields may not be read any more. What can be had is had, what
cannot says why and harms nobody else, and all is well again when it comes back."""
import json
import uuid

import pytest
import requests
from invariants import check, nobody_crashed, no_secret_is_told, nothing_else_was_refused, the_budget_held
from rig import TOKEN
from system import wait_for
from truth import assert_truth

SMALL = {"BACKFILL_DAYS": 9, "META_CALLS_PER_WINDOW": 200}


def background(rig, connection, kind):
    """A run that nobody waits for: of entities only what changed is asked for. Its status at the end."""
    run = str(uuid.uuid4())
    rig.redis.client().rpush("{metricx}:requests", json.dumps({"connection_id": connection, "kind": kind, "id": run}))
    wait_for("the run", lambda: rig.query("SELECT 1 FROM sync_runs WHERE id = %s", run))
    return rig.await_end(run)


def answers_of_readyz(rig):
    ports = [member.port() for name, member in rig.members.items() if name.startswith("worker")]
    return {requests.get(f"http://127.0.0.1:{port}/readyz", timeout=20).status_code for port in ports}


def test_a_version_dies(make_rig, undisturbed):
    """Served by another one it is told; refused, the work waits for another META_API_VERSION, and none of it is given up."""
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    connections = [rig.connect(), rig.connect(account="act_1002")]
    rig.start_members(workers=2, schedulers=1)
    rig.sandbox.post("versions", oldest=27)
    for connection in connections:
        assert rig.await_end(rig.begin(connection)) == "succeeded"
    logs = [rig.members[name].log() for name in ("worker0", "worker1")]
    assert all(log.count("the provider answers in another API version than META_API_VERSION") <= 1 for log in logs)
    assert any("asked=v26.0 served=v27.0" in log for log in logs)
    assert sum(rig.members[name].metric("provider_calls_upgraded_total") for name in ("worker0", "worker1")) > 10

    runs = [rig.begin(connection, "--force") for connection in connections]
    rig.await_calls("entities", 4)
    rig.sandbox.post("versions", oldest=27, strict=True)
    wait_for("the word", lambda: rig.query("SELECT 1 FROM sync_chunks WHERE error_code = 'bad_setting' AND status = 'queued'"))
    wait_for("/readyz", lambda: 503 in answers_of_readyz(rig))
    text = rig.query("SELECT error FROM sync_chunks WHERE error_code = 'bad_setting' LIMIT 1")[0][0]
    assert text.startswith("META_API_VERSION: (#2635) You are calling a deprecated version")
    assert {rig.status(run) for run in runs} == {"running"}
    struck = rig.calls_so_far()["faults_struck"]
    assert struck <= 2 * 4, "every worker asks once for each job in hand, then none for a minute"
    rig.env["META_API_VERSION"] = "v27.0"
    for name in ("worker0", "worker1"):
        rig.end(name)
    assert [rig.await_end(run) for run in runs] == ["succeeded"] * 2
    assert not rig.query("SELECT 1 FROM sync_chunks WHERE attempts > 0 OR status = 'dead' OR error_code IS NOT NULL")
    check(rig, connections, 2 * undisturbed(**SMALL))
    assert answers_of_readyz(rig) == {200}


FORBIDDEN = [dict(field="bid_strategy", code=10), dict(field="destination_type", code=200), dict(field="reach", code=100)]


def test_a_field_that_need_not_be_is_forbidden(make_rig, undisturbed):
    """The rest is read, what was known of it stays; once it is allowed again, all that changed meanwhile is there."""
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    connection, other = rig.connect(), rig.connect(account="act_1002")
    rig.start_members(workers=2, schedulers=1)
    for each in (connection, other):
        assert rig.await_end(rig.begin(each)) == "succeeded"
    truth = assert_truth(rig, connection, **{"from": rig.first_day()})
    for field in FORBIDDEN:
        rig.sandbox.post("forbid", account="act_1001", **field)
    campaign, adset = (next(e["external_id"] for e in truth["entities"] if e["level"] == level and e["daily_budget"])
                       for level in ("campaign", "adset"))
    # What changes is too long ago for the listing after the next one, as that asks for changes only.
    rig.sandbox.post("clock", advance_seconds=-1800)
    rig.query("UPDATE entity_listings SET read_at = read_at - interval '1 hour', whole_at = whole_at - interval '1 hour'")
    rig.sandbox.post("entity", id=campaign, name="another name", daily_budget=4321)
    rig.sandbox.post("entity", id=adset, name="another set", daily_budget=1234)
    for each in (connection, other):
        assert background(rig, each, "full") == "succeeded"
    assert_truth(rig, other, account="act_1002", **{"from": rig.first_day()})
    assert any("refused, and asked again with less" in rig.members[name].log() for name in ("worker0", "worker1"))
    stored = {row["external_id"]: row for row in rig.query("SELECT * FROM entities WHERE connection_id = %s", connection)}
    known = {e["external_id"]: e for e in truth["entities"]}
    assert (stored[campaign]["name"], stored[adset]["name"]) == ("another name", "another set")
    assert all(str(stored[e]["daily_budget"]) == known[e]["daily_budget"] for e in (campaign, adset))
    assert stored[campaign]["details"]["bid_strategy"] and stored[campaign]["goal"] == known[campaign]["goal"]
    today = rig.day(0)
    assert rig.query("SELECT DISTINCT reach FROM metric_facts WHERE connection_id = %s AND event_date = %s", connection, today) == [[None]]
    assert rig.query("SELECT status FROM connections") == [["active"]] * 2
    rig.sandbox.post("forbid", clear=True)
    assert background(rig, connection, "entities") == "succeeded"
    assert rig.await_end(rig.begin(connection, "--metrics", "--from", rig.first_day(), "--to", today)) == "succeeded"
    check(rig, [connection], 6 * undisturbed(**SMALL))


REFUSED = {
    "not permitted": (10, "no_access", "no_access", "(#10) Permission Denied", []),
    "gone": (100, "active", "bad_request", "(spend)", [["failing", "bad_request"]]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_field_that_must_be_is(make_rig, undisturbed, name):
    code, status, error_code, words, days = REFUSED[name]
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    connection, other = rig.connect(), rig.connect(account="act_1002")
    rig.sandbox.post("forbid", account="act_1001", field="spend", code=code)
    rig.start_members(workers=2, schedulers=1)
    runs = rig.begin(connection), rig.begin(other)
    assert rig.await_end(runs[0]) in ("failed", "partial") and rig.await_end(runs[1]) == "succeeded"
    assert_truth(rig, other, account="act_1002", **{"from": rig.first_day()})
    dead = rig.query("SELECT DISTINCT error_code FROM sync_chunks WHERE status = 'dead'")
    assert dead == [[error_code]]
    assert all(words in row[0] for row in rig.query("SELECT error FROM sync_chunks WHERE status = 'dead'"))
    row = rig.query("SELECT status, status_reason FROM connections WHERE id = %s", connection)[0]
    assert row["status"] == status and (status == "active" or words in row["status_reason"])
    assert rig.query("SELECT DISTINCT state, cause FROM account_days WHERE connection_id = %s", connection) == days
    rig.sandbox.post("forbid", clear=True)
    if status == "no_access":
        rig.metricx("connection", "token", connection, "--stdin", stdin=TOKEN)
    else:
        rig.begin(connection)
    wait_for("its sync", lambda: not rig.query("SELECT 1 FROM sync_runs WHERE status IN ('queued', 'running')"))
    assert_truth(rig, connection, **{"from": rig.first_day()})
    nobody_crashed(rig)
    the_budget_held(rig, blocks=0)
    nothing_else_was_refused(rig)
    no_secret_is_told(rig)
