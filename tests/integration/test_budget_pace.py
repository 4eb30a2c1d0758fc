"""How fast the shared rate counter lets calls go: the pacer, the provider's percentages, and what is kept for people."""

import pytest

from redis_scripts import HOUR, Queue, ids, jobs, queue  # noqa: F401 (fixture)


def paced(queue, want, lane_jobs=64):
    """Claims until so many were had, each as soon as it is allowed."""
    got = []
    while len(got) < want:
        more, hint = queue.claim(min(lane_jobs, want - len(got)), lease=HOUR)
        got += more
        queue.advance(0 if more else hint)
    return got


@pytest.mark.parametrize("lane", ["low", "normal"])
def test_the_pacer_spends_the_window_in_half_of_it(queue, lane):
    """A quarter at once, then one every half of the mean distance."""
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(300, lane=lane))
    start = queue.now
    got = queue.claim(64)[0]
    assert len(got) == 50
    assert queue.claim(64) == ([], 9000)  # 400 an hour
    parked = queue.r.zscore(queue.key("gate", lane), "meta:act_1")
    assert parked == queue.now + 9_000_000
    assert {k: queue.budget()[k] for k in ("next_call_at", "parked_by")} == {"next_call_at": parked // 1000, "parked_by": "paced"}
    for _ in range(140):
        word, retry = queue.grant(got[0], ended=0)
        assert (word, retry) == (0, 9000)
        queue.advance(9000)
        assert queue.grant(got[0], ended=0) == (1, 0)
    assert queue.now == start + 140 * 9_000_000
    queue.advance(9000)
    assert queue.grant(got[0])[0] == 0 and queue.budget()["parked_by"] == "budget spent"  # a twentieth is kept for people
    queue.enqueue(*jobs(30, "p", lane="high"))
    assert len(queue.claim(64)[0]) == 10  # whom nothing paces


def test_people_are_not_paced_but_counted(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(100, "p", lane="high"), *jobs(100, "b"))
    got = queue.claim(64)[0] + queue.claim(36)[0]
    assert {j.lane for j in got} == {"high"} and len(got) == 100
    assert queue.claim(64) == ([], 9000)  # the burst is spent, others go on at their pace


def test_a_refund_gives_the_pace_back(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(100))
    got = queue.claim(64)[0]
    assert len(got) == 50 and queue.claim(64)[0] == []
    for job in got[:20]:
        queue.finish(job, "yield", refunded=1)
    assert len(queue.claim(64)[0]) == 20 and queue.claim(64) == ([], 9000)


def test_the_pacer_survives_a_clock_that_steps_back(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(300))
    queue.claim(64)
    queue.advance(-5 * HOUR)
    hint = queue.claim(64)[1]
    assert 0 < hint <= 9000  # not five hours
    queue.advance(hint)
    assert len(queue.claim(64)[0]) == 1


def test_a_lost_pacer_begins_with_what_the_ledger_knows(redis_server):
    q = Queue(redis_server.client())
    q.seed(("meta:app", 0, HOUR), ("meta:act_1", 200, HOUR), ledger={"meta:act_1": [(60_000, 30)]})
    q.enqueue(*jobs(100))
    assert len(q.claim(64)[0]) == 20


def test_the_apps_budget_is_paced_too(queue):
    queue.seed_all(limit=1000, app=200)
    queue.enqueue(*jobs(60), *jobs(60, "c2", "act_2"))
    assert len(queue.claim(64)[0]) == 50 and queue.claim(64) == ([], 9000)


def stretched_gap(queue, usage, lane="high", **said):
    """Milliseconds from one call to the next one while the provider says so."""
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(9, lane=lane))
    [a], _ = queue.claim()
    word, retry = queue.grant(a, usage=usage, **said)
    assert (word == 1) == (retry == 0)
    return retry


@pytest.mark.parametrize("lane", ["high", "normal", "low"])
@pytest.mark.parametrize("usage, gap", [(74, 0), (75, 9000), (80, 18_000), (90, 36_000), (94, 43_200), (95, 60_000), (100, 60_000)])
def test_percentages_stretch_every_lane(queue, lane, usage, gap):
    assert stretched_gap(queue, usage, lane) == gap


def test_from_95_percent_one_call_a_minute_asks_how_it_stands(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(60, lane="high"))
    got, _ = queue.claim(8)
    queue.finish(got.pop(), usage=96)
    assert queue.claim(8) == ([], 60_000) and queue.budget()["parked_by"] == "stretched"
    for _ in range(3):
        assert queue.grant(got[0])[0] == 0
        queue.advance(60_000)
        [probe], hint = queue.claim(8, lease=HOUR)
        assert queue.claim(8) == ([], 60_000)
        queue.finish(probe, usage=97)
    queue.advance(60_000)
    [probe], hint = queue.claim(8)
    queue.finish(probe, usage=60)
    assert len(queue.claim(8)[0]) == 8  # at once


def test_an_unsent_probe_is_none(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(60, lane="high"))
    [a], _ = queue.claim()
    queue.finish(a, usage=96)
    queue.advance(60_000)
    [probe], _ = queue.claim(8)
    queue.finish(probe, "yield", refunded=1)
    assert len(queue.claim(8)[0]) == 1


def test_a_percentage_of_five_minutes_ago_no_longer_counts(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(60, lane="high"))
    [a], _ = queue.claim()
    queue.finish(a, usage=99)
    queue.advance(240_000)
    assert len(queue.claim(8, lease=HOUR)[0]) == 1
    queue.advance(59_999)
    assert queue.claim(8) == ([], 1)
    queue.advance(1)
    assert len(queue.claim(8)[0]) == 8


def test_a_short_windows_percentage_is_forgotten_with_it(queue):
    queue.seed_all(limit=20, accounts=["act_1"], window=10_000)
    queue.enqueue(*jobs(60, lane="high"))
    [a], _ = queue.claim()
    queue.finish(a, usage=99)
    queue.advance(9999)
    assert queue.claim(8)[0] == []
    queue.advance(2)
    assert len(queue.claim(8)[0]) == 8


def test_the_apps_percentage_stretches_the_app(queue):
    queue.seed_all(app=400, limit=200)
    queue.enqueue(*jobs(9, lane="high"), *jobs(9, "c2", "act_2", "high"))
    [a], _ = queue.claim()
    queue.finish(a, usage=10, app_usage=90)
    assert queue.claim(8) == ([], 18_000)  # four times half the mean of 400
    assert (queue.budget("meta:app")["usage_percent"], queue.budget()["usage_percent"]) == (90, 10)
    assert queue.budget("meta:app")["parked_by"] == "stretched" and "parked_by" not in queue.budget()
    queue.advance(18_000)
    assert len(queue.claim(8)[0]) == 1


def test_without_a_limit_of_ours_the_pace_follows_from_what_our_calls_brought(queue):
    queue.seed_all(limit=0, accounts=["act_1"])
    queue.enqueue(*jobs(1000, lane="high"))
    got = [j for _ in range(10) for j in queue.claim(60)[0]]
    assert len(got) == 600
    queue.finish(got[0], usage=80)  # so 750 an hour would be all
    assert queue.claim(8)[1] == 2 * 3_600_000 // 2 // 750


def test_foreign_calls_are_told_from_ours(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(50, lane="high"))
    got, _ = queue.claim(20)
    queue.finish(got[0], usage=64, app_usage=30)
    assert queue.budget()["foreign_percent"] == 54  # twenty calls are a tenth
    assert queue.budget("meta:app")["foreign_percent"] == ""  # there is no limit to compare with
    queue.finish(got[1], usage=3)
    assert queue.budget()["foreign_percent"] == 0 and queue.used() == 20
    assert queue.budget()["usage_at"] == queue.now // 1000


def test_backfills_leave_a_twentieth(queue):
    queue.seed_all(limit=40, accounts=["act_1"])
    queue.enqueue(*jobs(60), ("h1", "c1", "act_1", "high"), ("h2", "c1", "act_1", "high"), ("h3", "c1", "act_1", "high"))
    got, _ = queue.claim(64, want_low=0)
    assert ids(got) == ["h1", "h2", "h3"]
    for job in got:
        queue.finish(job, "yield", refunded=1)
    queue.run("remove", "h1", "h2", "h3")
    low = paced(queue, 38)
    queue.advance(HOUR // 40)
    assert queue.grant(low[0])[0] == 0
    queue.enqueue(*[(f"u{i}", "c1", "act_1", "high") for i in range(5)])
    assert ids(queue.claim(64)[0]) == ["u0", "u1"]


def test_small_limits_are_spent_whole_but_for_one(queue):
    queue.seed_all(limit=20, accounts=["act_1"], window=10_000)
    queue.enqueue(*jobs(60))
    assert len(queue.claim(64)[0]) == 19  # 95 %
    queue.seed_all(limit=19, accounts=["act_2"], window=10_000)
    queue.enqueue(*jobs(60, "c2", "act_2"))
    assert len(queue.claim(64)[0]) == 19
