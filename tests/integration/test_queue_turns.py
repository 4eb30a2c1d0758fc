"""Whose turn it is: priorities, fairness between connections and accounts, parking, hints."""

import pytest

from redis_scripts import ids, jobs, queue  # noqa: F401 (fixture)


def test_high_before_low_and_moved_up(queue):
    queue.enqueue(*jobs(3), ("h1", "c1", "act_1", "high"))
    assert queue.enqueue(("c1-2", "c1", "act_1", "high")) == 0
    got, _ = queue.claim(8)
    assert [(j.id, j.lane) for j in got] == [("h1", "high"), ("c1-2", "high"), ("c1-0", "low"), ("c1-1", "low")]
    assert queue.claim(8) == ([], -1)  # the old place of c1-2 was passed over


def test_a_leased_or_delayed_job_moves_up_when_it_comes_back(queue):
    queue.enqueue(*jobs(2))
    queue.enqueue(("d", "c1", "act_1", "low", 5000))
    [job], _ = queue.claim()
    queue.enqueue((job.id, "c1", "act_1", "high"), ("d", "c1", "act_1", "high"))
    queue.finish(job, "yield")
    queue.advance(5000)
    got, _ = queue.claim(8)
    assert [(j.id, j.lane) for j in got] == [("c1-0", "high"), ("d", "high"), ("c1-1", "low")]


def test_slots_kept_from_backfills(queue):
    queue.enqueue(*jobs(20))
    got, hint = queue.claim(8, want_low=3)
    assert len(got) == 3 and hint == -1  # nothing high; what is low there is no slot for
    assert queue.claim(5, want_low=0) == ([], -1)
    queue.enqueue(("h", "c9", "act_2", "high"))
    got, _ = queue.claim(5, want_low=0)
    assert ids(got) == ["h"]


def test_the_urgent_job_is_found_behind_many_backfills(queue):
    accounts = [f"act_{i}" for i in range(300)]
    queue.seed_all(accounts=accounts)
    queue.enqueue(*[(f"b{a}", f"c{a}", a, "low") for a in accounts])
    queue.enqueue(("h", "ch", "act_299", "high"))
    got, _ = queue.claim(1)
    assert ids(got) == ["h"]


def test_a_small_tenant_gets_every_other_turn(queue):
    queue.enqueue(*jobs(1000, "big"))
    drained, _ = queue.claim(30)
    queue.enqueue(*jobs(10, "small"))
    got, _ = queue.claim(20)
    assert [sum(j.id.startswith(c) for j in got) for c in ("big", "small")] == [10, 10]
    assert got[0].id == "small-0"  # the next free slot takes the newcomer's first job


def test_pages_count_for_fairness(queue):
    queue.enqueue(*jobs(100, "a"), *jobs(100, "b"))
    [first], _ = queue.claim(1)
    words = [queue.grant(first) for _ in range(3)]
    assert words == [(1, 0), (1, 0), (0, 0)]  # two calls ahead, it makes way
    assert queue.stat("throttled") == 0 and queue.finish(first, "yield") == 1
    got, _ = queue.claim(9)
    assert first.id == "b-0" and [j.id[0] for j in got] == list("aaabababa")  # three calls each, then in turn


def test_three_lanes(queue):
    queue.enqueue(*jobs(2, "l"), *jobs(2, "n", lane="normal"), *jobs(2, "h", lane="high"))
    got, _ = queue.claim(8)
    assert ids(got) == ["h-0", "h-1", "n-0", "n-1", "l-0", "l-1"]
    assert [j.lane for j in got] == ["high"] * 2 + ["normal"] * 2 + ["low"] * 2


@pytest.mark.parametrize("state", ["ready", "leased", "delayed"])
@pytest.mark.parametrize("was", ["high", "normal", "low"])
@pytest.mark.parametrize("becomes", ["high", "normal", "low"])
def test_jobs_move_up_and_never_down(queue, state, was, becomes):
    queue.enqueue(("x", "c1", "act_1", was, 5000 if state == "delayed" else 0))
    [job] = queue.claim()[0] if state == "leased" else [None]
    assert queue.enqueue(("x", "c1", "act_1", becomes)) == 0
    if job:
        queue.finish(job, "yield")
    queue.advance(5000)
    [got], _ = queue.claim(4)
    assert got.lane == min(was, becomes, key=["high", "normal", "low"].index)
    assert queue.claim(4) == ([], -1)  # its old place was passed over


def test_slots_are_kept_from_backfills_alone(queue):
    queue.enqueue(*jobs(20), *jobs(3, "n", lane="normal"))
    assert ids(queue.claim(8, want_low=0)[0]) == ["n-0", "n-1", "n-2"]


@pytest.mark.parametrize("waits, runs", [("high", "normal"), ("high", "low"), ("normal", "low")])
def test_a_page_makes_way_for_a_lane_before_its_own(queue, waits, runs):
    queue.enqueue(*jobs(3, lane=runs))
    [job], _ = queue.claim()
    assert queue.grant(job) == (1, 0)
    queue.enqueue(("w", "c2", "act_2", waits))
    assert queue.grant(job) == (0, 0)
    queue.finish(job, "yield")
    assert ids(queue.claim(3)[0]) == ["w", "c1-0", "c1-1"]


def test_a_page_does_not_make_way_for_work_that_may_not_run(queue):
    queue.enqueue(*jobs(3))
    [job], _ = queue.claim()
    queue.enqueue(*jobs(2, "c2", "act_2", "high"))
    [high], _ = queue.claim()
    queue.finish(high, blocked=20_000)
    assert queue.grant(job) == (1, 0)  # the account is blocked
    queue.advance(20_000)
    assert queue.grant(job) == (0, 0)
    [high], _ = queue.claim()
    assert high.id == "c2-1" and queue.grant(job) == (1, 0)  # its list is empty


def test_a_page_makes_way_for_those_who_wait_longer_than_it_runs(queue):
    queue.seed_all(accounts=["act_1", "act_2", "act_3"])
    queue.enqueue(*jobs(9, "a", "act_1"), *jobs(9, "b", "act_2"))
    for _ in range(2):  # nobody is new
        for job in queue.claim(2)[0]:
            queue.finish(job)
        queue.advance(10)
    [a], _ = queue.claim()
    assert [queue.grant(a)[0] for _ in range(3)] == [1, 0, 0]  # two calls, then it is b's turn
    queue.finish(a, "yield")
    queue.advance(10)
    [b], _ = queue.claim()
    assert b.id[0] == "b"
    assert [queue.grant(b)[0] for _ in range(3)] == [1, 0, 0]


def test_in_a_crowd_jobs_run_to_their_end(queue):
    accounts = [f"act_{i}" for i in range(3, 80)]
    queue.seed_all(accounts=accounts)
    queue.enqueue(*jobs(9))
    [job], _ = queue.claim()
    queue.enqueue(*[(a, a, a, "low") for a in accounts])
    assert queue.grant(job) == (1, 0)  # its place would be lost before its next turn
    more, _ = queue.claim(1)
    assert queue.grant(job) == (0, 0)  # two slots for that many will do


def test_domains_in_turn_even_within_one_claim(queue):
    queue.enqueue(*jobs(10, "a", "act_1"), *jobs(10, "b", "act_2"))
    got, _ = queue.claim(8)
    assert [j.id[0] for j in got] == list("abababab")
    queue.advance(1)
    got, _ = queue.claim(1)
    queue.advance(1)
    second, _ = queue.claim(1)
    assert ids(got) + ids(second) == ["a-4", "b-4"]


def test_new_accounts_go_before_one_that_had_its_turn(queue):
    accounts = [f"act_{i}" for i in range(3, 13)]
    queue.seed_all(accounts=accounts)
    queue.enqueue(*jobs(5000, "big", "act_1"))
    queue.claim(16)
    queue.advance(60_000)
    queue.enqueue(*[(f"new-{a}", a, a, "low") for a in accounts])
    got, _ = queue.claim(11)
    assert [j.id.split("-")[0] for j in got] == ["new"] * 10 + ["big"]
    for job in got[:3]:  # done and asked again: not a newcomer while others wait
        queue.finish(job)
    queue.enqueue(*[(f"again-{a}", a, a, "low") for a in accounts[:3]])
    got, _ = queue.claim(2)
    assert ids(got)[0].startswith("again") and ids(got)[1].startswith("again")
    assert "big" in [i.split("-")[0] for i in ids(queue.claim(3)[0])]


def test_parking_moves_one_score(queue):
    queue.seed_all(limit=3, accounts=["act_1"])
    queue.enqueue(*jobs(50, "spent", "act_1"), *jobs(10, "free", "act_2"))
    before = queue.ready("spent", "low")
    got, hint = queue.claim(64)
    assert sorted(j.id.split("-")[0] for j in got) == ["free"] * 10 + ["spent"] * 3
    assert queue.ready("spent", "low") == before[3:]
    parked = dict(queue.r.zrange(queue.key("gate", "low"), 0, -1, withscores=True))
    assert list(parked) == ["meta:act_1"] and parked["meta:act_1"] > queue.now
    assert queue.job("spent-10")["state"] == "ready"
    assert queue.claim(64) == ([], hint)


def test_the_hint_is_the_instant_of_the_next_call(queue):
    queue.seed_all(limit=2, accounts=["act_1"], window=60_000)  # buckets of a second
    queue.enqueue(*jobs(5))
    [a, b], _ = queue.claim(5)
    assert queue.finish(a) == 1
    ended = queue.now
    _, hint = queue.claim(5)
    gone = (ended // 1_000_000 + 61) * 1_000_000  # a's bucket leaves the window
    assert hint == -((queue.now - gone) // 1000) and 60_000 <= hint <= 61_000
    queue.set_clock(gone - 1)
    assert queue.claim(5) == ([], 1)
    queue.set_clock(gone)
    got, _ = queue.claim(5)
    assert len(got) == 1


def test_a_yield_parks_until_the_budget_returns(queue):
    queue.seed_all(limit=2, accounts=["act_1"], window=60_000)
    queue.enqueue(*jobs(3))
    [a, b], _ = queue.claim(2)
    queue.advance(5000)
    word, retry = queue.grant(a)
    assert word == 0 and 60_000 <= retry <= 61_000 and queue.stat("throttled") == 1
    assert queue.finish(a, "yield") == 1
    assert queue.ready("c1", "low") == ["c1-0", "c1-2"]  # at the head, no penalty
    assert (queue.job("c1-0")["deliveries"], queue.job("c1-0")["attempts"]) == ("0", "0")
    parked = queue.r.zscore(queue.key("gate", "low"), "meta:act_1")
    assert parked == (queue.now // 1_000_000 + 61) * 1_000_000
    assert queue.claim(4) == ([], retry)
    queue.advance(retry)
    got, _ = queue.claim(4)
    assert ids(got) == ["c1-0"]


def test_a_refund_frees_the_parked_domain_at_once(queue):
    queue.seed_all(limit=2, accounts=["act_1"])
    queue.enqueue(*jobs(5))
    [a, b], _ = queue.claim(5)
    assert queue.claim(5)[0] == []
    queue.r.delete(queue.key("wake"))
    assert queue.finish(a, "yield", refunded=1) == 1
    assert queue.r.llen(queue.key("wake")) > 0
    got, _ = queue.claim(5)
    assert ids(got) == ["c1-0"] and queue.used() == 2


def test_an_app_that_may_not_call_keeps_everybodys_turn(queue):
    queue.seed_all(app=4)
    queue.enqueue(*jobs(10, "a", "act_1"), *jobs(10, "b", "act_2"))
    got, _ = queue.claim(16)
    assert ids(got) == ["a-0", "b-0", "a-1", "b-1"]
    gate = queue.r.zrange(queue.key("gate", "low"), 0, -1, withscores=True)
    got, hint = queue.claim(16)
    assert got == [] and 3_600_000 <= hint <= 3_660_000
    assert queue.r.zrange(queue.key("gate", "low"), 0, -1, withscores=True) == gate


def test_many_domains_behind_a_blocked_app_do_not_make_the_worker_spin(queue):
    accounts = [f"act_{i}" for i in range(200)]
    queue.seed_all(app=0, accounts=accounts)
    queue.enqueue(("x", "cx", "act_0", "low"))
    [x], _ = queue.claim()
    queue.finish(x, app_blocked=90_000)
    queue.enqueue(*[(a, a, a, "low") for a in accounts])
    assert queue.claim(4) == ([], 90_000)


def test_another_providers_domains_pass_a_blocked_app(queue):
    queue.seed(("other:app", 0, 3_600_000), ("other:9", 10, 3_600_000))
    queue.enqueue(*jobs(2))
    [x], _ = queue.claim()
    queue.finish(x, "yield", app_blocked=90_000)
    queue.run("enqueue", "o", "run-2", "c9", "other:9", "metrics", "", "", "low", 0, 0, 0, 1)
    got, hint = queue.claim(4)
    assert ids(got) == ["o"] and hint == 90_000
    assert queue.budget("other:app")["open"] == 1
