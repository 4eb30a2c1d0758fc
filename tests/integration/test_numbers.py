"""The numbers are the provider's own, or the day says that they are not."""
import collections
import decimal
import time

import pytest
import redis as redis_client

from system import started, wait_for
from truth import assert_truth, differences, stored_facts, true_facts


def states(system, connection):
    return {str(day): (state, cause) for day, state, cause in system.query(
        "SELECT event_date, state, cause FROM account_days WHERE connection_id = %s", connection)}


def test_every_day_is_verified_by_one_call_for_all(make_system):
    system, connection = started(make_system)
    run = system.sync(connection)
    assert_truth(system, connection)
    assert len(states(system, connection)) == 91 and set(states(system, connection).values()) == {("verified", None)}
    # 3 listings, 1 call for all totals, 9 pages; an account check before.
    assert run["calls"] == 13
    assert system.sandbox.calls()["counts"]["insights"] == 10


def test_lost_rows_and_days_are_read_again_or_shown(make_system):
    system, connection = started(make_system, PAGE_LIMIT=100, META_CALLS_PER_WINDOW=2000)
    for kind in ("lose_rows", "lose_day"):
        system.sandbox.post("fault", kind=kind, match="insights", percent=10, count=-1)
    system.sync(connection)
    known = states(system, connection)
    truth = system.sandbox.truth()
    stored, true = stored_facts(system, connection), true_facts(truth)
    wrong = {day for _, day in stored.keys() ^ true.keys()} | \
        {day for key, day in stored.keys() & true.keys() if stored[key, day] != true[key, day]}
    shown = {day for day, state in known.items() if state[0] == "differs"}
    assert wrong and wrong <= shown, wrong - shown
    assert {state for state, _ in known.values()} == {"verified", "differs"}
    assert known[max(known)][1] in (None, "moving")  # today
    system.sandbox.post("fault", clear=True)
    system.sync(connection, "--from", min(known), "--to", max(known))
    assert_truth(system, connection)
    assert set(states(system, connection).values()) == {("verified", None)}


def test_a_row_lost_once_costs_two_calls_and_nothing_else(make_system):
    system, connection = started(make_system)
    system.sandbox.post("fault", kind="lose_rows", match="insights", skip=1, count=1)  # the first call is for the totals
    run = system.sync(connection)
    assert_truth(system, connection)
    assert set(states(system, connection).values()) == {("verified", None)}
    assert run["calls"] in (13 + 1 + 3, 13 + 1 + 4)  # the totals again, and the pages of that chunk


def test_deleted_ads_keep_what_they_spent(make_system):
    system, connection = started(make_system)
    system.sync(connection)
    before = stored_facts(system, connection)
    spend = collections.Counter()
    for (key, _), numbers in before.items():
        spend[key] += numbers["spend"]
    ad = spend.most_common(1)[0][0]
    spent = {day for a, day in before if a == ad and before[a, day]["impressions"]}
    system.sandbox.post("delete-ad", account="act_1001", ad=ad, permanent=True)
    first, last = min(spent), max(spent)
    system.sync(connection, "--from", first, "--to", last)
    assert differences(stored_facts(system, connection), before) == []
    assert system.query("SELECT sum(rows_removed) FROM sync_chunks WHERE kind = 'metrics'")[0][0] == 0
    assert {day for day, state in states(system, connection).items() if state == ("verified", "deleted")} >= spent
    assert system.query("SELECT count(*) FROM restatements")[0][0] == 0
    assert system.query("SELECT vanished_at IS NOT NULL FROM entities WHERE external_id = %s", ad)[0][0]
    total = system.query("SELECT sum(total_spend), sum(unattributed_spend) FROM account_days")[0]
    assert total[0] == sum(f["spend"] for f in before.values()) and total[1] == decimal.Decimal(0)


def test_totals_that_cannot_be_had_cost_no_data(make_system):
    system, connection = started(make_system)
    system.sandbox.post("fault", kind="error", status=400, code=100, match="insights", count=1)
    run = system.metricx("sync", "--connection", connection, "--wait", "--metrics", code=1)
    # The run's own totals call is dead; each chunk asks for itself.
    assert system.query("SELECT totals FROM sync_chunks WHERE status = 'dead'") == [[True]]
    assert_truth_of_facts(system, connection)
    assert {state for state, _ in states(system, connection).values()} == {"verified"}


@pytest.mark.parametrize("code, subcode, whose", [(80004, 2446079, "act_"), (4, 0, "app")])
def test_a_block_is_kept_when_redis_loses_everything(make_system, redis_server, code, subcode, whose):
    system, connection = started(make_system)
    redis = redis_client.Redis(port=redis_server.port, decode_responses=True)
    system.sandbox.post("fault", kind="error", status=400, code=code, subcode=subcode, match="insights", skip=2, count=1)
    system.metricx("sync", "--connection", connection)
    scope, until = wait_for("the block", lambda: system.query(
        "SELECT scope, (extract(epoch FROM blocked_until) * 1000)::bigint FROM provider_blocks"))[0]
    assert scope.startswith(f"meta:{whose}")
    wait_for("the queue to know", lambda: redis.hget(f"{{metricx}}:budget:{scope}", "blocked_until"))
    calls = system.sandbox.calls()["total"]
    redis.flushall()
    seeded = wait_for("the budget", lambda: redis.hget(f"{{metricx}}:budget:{scope}", "blocked_until"))
    assert abs(int(seeded) - until) < 2000 and until > time.time() * 1000 + 20_000
    assert system.sandbox.calls()["total"] == calls
    assert system.query("SELECT sum(attempts) FROM sync_chunks")[0][0] == 0


def assert_truth_of_facts(system, connection):
    assert differences(stored_facts(system, connection), true_facts(system.sandbox.truth())) == []
