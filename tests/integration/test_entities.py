"""Campaigns, ad sets and ads as the account has them: whole at first and weekly, in between what changed, stubs by their id."""
import datetime
import json
import uuid

import pytest
import redis as redis_client
import requests

from system import ACCOUNT, TOKEN, started, wait_for
from truth import differences, stored_entities, true_entities

LISTINGS = 3  # calls of a listing of changes that fits on a page each
STATUSES = 3  # calls that are refused for the status DELETED


@pytest.fixture
def redis(redis_server):
    return redis_client.Redis(port=redis_server.port)


def request(redis, connection, kind="entities"):
    """Asks for a sync that nobody waits for, as a nightly one; the run's id."""
    run = str(uuid.uuid4())
    redis.rpush("{metricx}:requests", json.dumps({"connection_id": connection, "kind": kind, "id": run}))
    return run


def ended(system, run):
    wait_for("the run", lambda: system.query("SELECT 1 FROM sync_runs WHERE id = %s AND finished_at IS NOT NULL", run))
    run = json.loads(system.metricx("run", run, "--json"))
    assert run["status"] == "succeeded"
    return run


def background(system, redis, connection, kind="entities"):
    return ended(system, request(redis, connection, kind))


def versions(system):
    return {row[0]: tuple(row[1:]) for row in system.query("SELECT external_id, xmin::text, updated_at, vanished_at FROM entities")}


def moved(before, after):
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def instant(text):
    """Meta's offset has no colon."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def an_entity(system, level, status="ACTIVE"):
    return next(e["external_id"] for e in system.sandbox.truth()["entities"] if (e["level"], e["status"]) == (level, status))


def count_of_stubs(system):
    return system.query("SELECT count(*) FROM entities WHERE details ? 'stub'")[0][0]


def entity_calls(system):
    return [call for call in system.sandbox.calls()["calls"] if call["kind"] == "entities"]


def age_listings(system, interval):
    system.query("UPDATE entity_listings SET whole_at = whole_at - %s::interval", interval)


def test_whole_at_first_then_what_changed(make_system, redis):
    system, connection = started(make_system, PAGE_LIMIT=30)
    first = system.sync(connection, "--entities")
    assert_truth_of_entities(system, connection)
    assert first["calls"] > LISTINGS and first["rows_inserted"] == 130
    said = json.loads(system.metricx("sync", "--connection", connection, "--entities", "--forecast", "--json"))
    assert said["calls"] == first["calls"]
    before = versions(system)

    quiet = background(system, redis, connection)
    assert (quiet["calls"], quiet["progress"]["rows"]) == (LISTINGS, 0)
    assert moved(before, versions(system)) == set()

    campaign = an_entity(system, "campaign")
    system.sandbox.post("entity", id=campaign, name="Another name", daily_budget=123456)
    run = background(system, redis, connection)
    assert (run["calls"], run["progress"]["rows"], run["rows_updated"], run["rows_removed"]) == (LISTINGS, 1, 1, 0)
    assert moved(before, versions(system)) == {campaign}
    assert_truth_of_entities(system, connection)
    name, budget = system.query("SELECT name, daily_budget::text FROM entities WHERE external_id = %s", campaign)[0]
    assert (name, float(budget)) == ("Another name", 1234.56)


def test_a_full_run_of_the_night_lists_what_changed(make_system, redis):
    system, connection = started(make_system, PAGE_LIMIT=60)
    system.sync(connection)
    ad = an_entity(system, "ad")
    system.sandbox.post("entity", id=ad, name="Another ad")
    before, listed = versions(system), len(entity_calls(system))
    background(system, redis, connection, "full")
    assert len(entity_calls(system)) - listed == LISTINGS
    assert moved(before, versions(system)) == {ad}
    assert_truth_of_entities(system, connection)


def test_a_pause_is_followed_by_a_whole_listing(make_system, redis):
    """What lies below a paused campaign has another status too, whether Meta calls that an update of it or not."""
    system, connection = started(make_system, PAGE_LIMIT=30)
    whole = system.sync(connection, "--entities")["calls"]
    system.sandbox.post("entity", id=an_entity(system, "campaign"), status="PAUSED")
    assert background(system, redis, connection)["calls"] == LISTINGS
    assert_truth_of_entities(system, connection)
    assert [background(system, redis, connection)["calls"] for _ in range(2)] == [whole, LISTINGS]


def test_a_deleted_ad_is_missed_by_the_weekly_listing(make_system, redis):
    system, connection = started(make_system)
    system.sync(connection)
    ad = an_entity(system, "ad")
    system.sandbox.post("delete-ad", account=ACCOUNT, ad=ad, permanent=True)
    before = versions(system)
    background(system, redis, connection)
    assert moved(before, versions(system)) == set()
    age_listings(system, "7 days")
    run = background(system, redis, connection)
    after = versions(system)
    assert run["rows_removed"] == 1 and moved(before, after) == {ad}
    state = "SELECT status, name <> external_id, vanished_at FROM entities WHERE external_id = %s"
    status, named, vanished_at = system.query(state, ad)[0]
    assert (status, named) == ("ACTIVE", True) and vanished_at is not None
    age_listings(system, "7 days")
    assert background(system, redis, connection)["rows_removed"] == 0
    assert moved(after, versions(system)) == set()
    assert_truth_of_entities(system, connection)


def forget_deleted(system, count):
    """Deletes ads that go on to have numbers: the listings of a sandbox that refuses the status DELETED lack them."""
    ads = [e["external_id"] for e in system.sandbox.truth()["entities"] if (e["level"], e["status"]) == ("ad", "ACTIVE")][:count]
    for ad in ads:
        system.sandbox.post("delete-ad", account=ACCOUNT, ad=ad)
    return ads


def test_stubs_are_looked_up_by_their_ids(make_system, redis):
    system, connection = started(make_system, "--deleted-filter-error")
    forget_deleted(system, 3)
    system.sync(connection)
    stubs = [row[0] for row in system.query("SELECT external_id FROM entities WHERE details ? 'stub' ORDER BY 1")]
    levels = {row[0] for row in system.query("SELECT DISTINCT level FROM entities WHERE details ? 'stub'")}
    assert len(stubs) > 5 and levels == {"ad", "adset"}
    gone = next(stub for stub in stubs if stub[2] == "3")  # an ad
    system.sandbox.post("delete-ad", account=ACCOUNT, ad=gone, permanent=True)
    before = versions(system)
    said = json.loads(system.metricx("sync", "--connection", connection, "--entities", "--forecast", "--json"))

    run = background(system, redis, connection)
    after = versions(system)
    assert run["calls"] == STATUSES + LISTINGS + len(stubs)
    # The forecast knows nothing of refused filters.
    assert said["calls"] == LISTINGS + len(stubs)
    assert moved(before, after) == set(stubs)
    assert [key for key, row in after.items() if row[2] is not None] == [gone]
    true = true_entities(system.sandbox.truth())
    stored = stored_entities(system, connection)
    assert differences(stored, {key: true[key] for key in stored}) == []
    assert {stored[stub]["status"] for stub in stubs if stub != gone} == {"DELETED"}

    # Nobody asks for them again, the one that is gone included.
    assert background(system, redis, connection)["calls"] == STATUSES + LISTINGS
    assert moved(after, versions(system)) == set()


def test_stubs_of_a_first_sync_of_numbers_come_with_the_listing(make_system, redis):
    system, connection = started(make_system)
    system.sync(connection, "--metrics")
    assert count_of_stubs(system) > 50
    gone = system.query("SELECT external_id FROM entities WHERE level = 'ad' ORDER BY 1")[0][0]
    system.sandbox.post("delete-ad", account=ACCOUNT, ad=gone, permanent=True)
    listed = background(system, redis, connection)
    assert listed["calls"] == LISTINGS + 1
    assert system.query("SELECT external_id FROM entities WHERE vanished_at IS NOT NULL") == [[gone]]
    assert_truth_of_entities(system, connection)


def test_a_worker_killed_among_the_lookups_loses_none(make_system, redis):
    system, connection = started(make_system, "--deleted-filter-error", "--latency-ms", "40", LEASE_SECONDS=2)
    forget_deleted(system, 30)
    system.sync(connection)
    stubs = count_of_stubs(system)
    assert 30 <= stubs <= 50
    before = len(entity_calls(system))
    run = request(redis, connection)
    wait_for("the middle of the lookups", lambda: len(entity_calls(system)) - before >= STATUSES + LISTINGS + 10)
    system.daemons[1].kill()
    assert count_of_stubs(system) == stubs, "nothing is stored before the end"
    left = system.query("SELECT (cardinality(lookups) - (page - lookups_page))::text FROM chunk_cursor")[0][0]
    wait_for("the estimate", lambda: redis.hget(f"{{metricx}}:run:{run}", "calls_left") == left.encode())
    system.worker()
    run = ended(system, run)
    calls = [call["query"] for call in entity_calls(system)[before:]]
    assert len(calls) - len(set(calls)) <= 1, "only the page that was being read is asked for again"
    assert len(calls) <= STATUSES + LISTINGS + stubs + 1
    assert count_of_stubs(system) == 0 and run["rows_updated"] == stubs
    true = true_entities(system.sandbox.truth())
    stored = stored_entities(system, connection)
    assert differences(stored, {key: true[key] for key in stored}) == []


@pytest.mark.parametrize("currency, minor_units", [("HUF", 1), ("EUR", 100), ("JPY", 1), ("BHD", 100)])
def test_budgets_are_in_major_units_by_metas_own_table(make_system, currency, minor_units):
    system, connection = started(make_system, "--currency", currency)
    system.sync(connection, "--entities")
    stored = system.query("SELECT level, external_id, coalesce(daily_budget, lifetime_budget), external_created_at, "
                          "external_updated_at FROM entities WHERE daily_budget > 0 OR lifetime_budget > 0")
    assert {row[0] for row in stored} == {"campaign", "adset"}
    for level, external_id, budget, created, updated in stored:
        said = requests.get(f"{system.sandbox.url}/v26.0/{external_id}", timeout=20, params={
            "fields": "daily_budget,lifetime_budget,created_time,updated_time", "access_token": TOKEN}).json()
        assert budget * minor_units == int(said.get("daily_budget") or said["lifetime_budget"]), (level, external_id)
        assert (created, updated) == (instant(said["created_time"]), instant(said["updated_time"]))
    assert_truth_of_entities(system, connection)


def assert_truth_of_entities(system, connection):
    assert differences(stored_entities(system, connection), true_entities(system.sandbox.truth())) == []
