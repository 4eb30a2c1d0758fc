"""The shared rate counter: what counts and for how long, blocks, and what becomes of it when Redis loses data."""

import pytest

from redis_scripts import HOUR, LEASE, Queue, jobs, queue  # noqa: F401 (fixture)

BUCKET = 60_000


def test_a_call_counts_from_its_grant_until_a_window_after_it_ended(queue):
    queue.seed_all(limit=2, accounts=["act_1"])
    queue.enqueue(*jobs(4))
    [a, b], _ = queue.claim(4)
    for _ in range(100):  # two very long calls
        queue.advance(HOUR // 10)
        queue.beat(a, b)
        assert queue.claim(1)[0] == []
    queue.finish(a)
    ended = queue.now
    queue.set_clock(ended + HOUR * 1000)
    queue.beat(b)
    assert queue.claim(1)[0] == []  # not before a whole window
    queue.set_clock(ended + (HOUR + BUCKET) * 1000)
    assert len(queue.claim(4)[0]) == 1
    assert queue.budget()["open"] == 2


def test_the_fields_that_others_read(queue):
    queue.seed_all(limit=7, accounts=["act_1"])
    queue.enqueue(*jobs(2))
    [a], _ = queue.claim()
    queue.grant(a, usage=63)
    b = queue.budget()
    assert {k: b[k] for k in ("limit", "used", "window_seconds", "usage_percent", "blocked_until")} == {
        "limit": 7, "used": 2, "window_seconds": 3600, "usage_percent": 63, "blocked_until": 0}
    assert (b["open"], queue.used("meta:app")) == (1, 2)  # one ended, one is open; the app has had the same


def test_percentages_are_shown_and_not_booked(queue):
    queue.seed_all(limit=200, accounts=["act_1"])
    queue.enqueue(*jobs(3))
    [a], _ = queue.claim()
    queue.finish(a, usage=74)
    assert queue.used() == 1 and len(queue.claim(2)[0]) == 2


def test_refunded_calls_were_never_made(queue):
    queue.enqueue(*jobs(1))
    [a], _ = queue.claim()
    assert queue.grant(a, ended=0, refunded=1) == (1, 0)
    assert (queue.used(), queue.budget()["open"]) == (1, 1)
    assert queue.grant(a, ended=5, refunded=5) == (1, 0)  # never more than are open
    assert (queue.used(), queue.budget()["open"]) == (2, 1)
    queue.finish(a, refunded=1)
    assert (queue.used(), queue.budget()["open"]) == (1, 0)


def test_a_grant_whose_answer_was_lost_counts_too_much_not_too_little(queue):
    queue.enqueue(*jobs(1))
    [a], _ = queue.claim()
    queue.grant(a, ended=1)
    queue.grant(a, ended=0)  # asked again: the worker does not know
    assert (queue.used(), queue.budget()["open"]) == (3, 2)
    queue.finish(a)
    assert (queue.used(), queue.budget()["open"]) == (3, 0)


def test_without_limit_calls_are_counted_and_can_be_blocked(queue):
    queue.seed_all(limit=0, accounts=["act_1"])
    queue.enqueue(*jobs(300))
    got, _ = queue.claim(64)
    assert len(got) == 64 and queue.used() == 64
    queue.finish(got[0], blocked=60_000)
    assert queue.claim(4) == ([], 60_000)


def test_blocks_are_never_shortened(queue):
    queue.enqueue(*jobs(5), *jobs(5, "c2", "act_2"))
    got, _ = queue.claim(4)
    mine = [j for j in got if j.id.startswith("c1")]
    until = queue.now // 1000 + 90_000
    queue.finish(mine[0], "yield", blocked=90_000)
    queue.finish(mine[1], "yield", blocked=5_000)
    assert queue.budget()["blocked_until"] == until and queue.budget("meta:act_2")["blocked_until"] == 0
    got, hint = queue.claim(8)
    assert {j.id[:2] for j in got} == {"c2"} and queue.claim(8) == ([], 90_000)
    queue.advance(89_999)
    assert queue.claim(1) == ([], 1)
    queue.advance(1)
    assert len(queue.claim(1)[0]) == 1


def test_what_a_late_workers_answer_said_is_heard(queue):
    queue.enqueue(*jobs(2))
    [late], _ = queue.claim()
    queue.advance(LEASE)
    queue.reap()
    assert queue.finish(late, blocked=60_000, usage=100) == 0
    assert queue.claim(1) == ([], 60_000) and queue.budget()["usage_percent"] == 100


def test_nothing_is_allowed_before_the_budget_is_known(redis_server):
    q = Queue(redis_server.client())
    q.enqueue(*jobs(3))
    for seeded in (None, "meta:app", "meta:act_1"):
        if seeded:
            q.seed((seeded, 0, HOUR))
        q.advance(2000)
        got, hint = q.claim(4)
        assert (len(got), hint) == ((3, -1) if seeded == "meta:act_1" else (0, 1000))


def test_a_new_life_of_the_data_waits_for_the_ledger(redis_server):
    q = Queue(redis_server.client())
    life, wait, *known = q.run("budget_set", "meta:app", 0, HOUR, "meta:act_1", 5, HOUR)
    assert (wait, known) == (3000, [0, 0])
    q.advance(2000)
    assert q.run("budget_set", "meta:app", 0, HOUR) == [life, 1000, 0]
    assert q.run("budget_seed", "1234", "meta:app", 0, HOUR, 0, 0, 0) == 0  # another life
    assert q.run("budget_seed", life, "meta:app", 0, HOUR, 0, 0, 0) == 1
    assert q.run("budget_set", "meta:app", 0, HOUR) == [life, 1000, 1]


def test_seeding_counts_each_call_as_late_as_it_can_have_ended(redis_server):
    q = Queue(redis_server.client())
    s = 1000
    ledger = {"meta:act_1": [(0, 1), (150 * s, 2), (250 * s, 4), (3700 * s, 8), (3900 * s, 16)], "meta:app": [(60 * s, 31)]}
    q.seed(("meta:act_1", 100, HOUR), ("meta:app", 0, HOUR), ledger=ledger)
    assert (q.used(), q.used("meta:app"), q.budget()["open"]) == (15, 31, 0)
    at, left = q.now, []
    for minute in range(62):
        q.set_clock(at + minute * 60_000_000)
        q.reap()
        left.append(q.used())
    # 8 calls ended 3,500 s ago at the latest, 4 of them 50 s ago, the others a moment ago
    assert left == [15] * 2 + [7] * 58 + [3] + [0]


def test_seeding_what_is_there_changes_limit_and_window_only(queue):
    queue.seed_all(limit=3, accounts=["act_1"])
    queue.enqueue(*jobs(9))
    assert len(queue.claim(9)[0]) == 3
    queue.seed(("meta:act_1", 5, HOUR), ledger={"meta:act_1": [(0, 100)]})
    assert queue.used() == 3 and len(queue.claim(9)[0]) == 2  # at once: the domain was pulled forward
    queue.seed(("meta:act_1", 4, HOUR))
    assert queue.claim(9)[0] == [] and queue.budget()["limit"] == 4


def test_another_window_counts_all_from_now(queue):
    queue.seed_all(limit=10, accounts=["act_1"])
    queue.enqueue(*jobs(9))
    got, _ = queue.claim(4)
    for job in got[:3]:
        queue.finish(job)
        queue.advance(300_000)
        queue.beat(got[3])
    queue.seed(("meta:act_1", 10, 10_000))
    b = queue.budget()
    assert (b["used"], b["open"], b["window_seconds"], b["width"]) == (4, 1, 10, 166_667)
    assert sum(v for k, v in b.items() if k.startswith("b") and k[1:].isdigit()) == 3
    queue.advance(10_000)
    queue.beat(got[3])
    queue.reap()
    assert queue.used() == 4
    queue.advance(167)
    queue.reap()
    assert queue.used() == 1


def test_a_lost_redis_allows_nothing_until_it_is_seeded(queue):
    queue.seed_all(limit=10, accounts=["act_1"])
    queue.enqueue(*jobs(9))
    got, _ = queue.claim(4)
    now = queue.now
    queue.r.flushall()
    queue.set_clock(now)
    assert queue.grant(got[0]) == (-1, 0) and queue.finish(got[1]) == 0
    queue.enqueue(*jobs(9))
    assert queue.claim(9) == ([], 1000)
    queue.seed(("meta:app", 0, HOUR), ("meta:act_1", 10, HOUR), ledger={"meta:act_1": [(5000, 4)]})
    assert len(queue.claim(9)[0]) == 6  # four were made


def test_an_old_snapshot_is_not_believed(queue, redis_server):
    queue.seed_all(limit=20, accounts=["act_1"])
    queue.enqueue(*jobs(9))
    [old, other], _ = queue.claim(2)
    queue.r.save()  # what comes after is lost
    queue.finish(old, blocked=50_000)
    redis_server.restart()
    now = queue.now
    queue.r, queue.scripts = redis_server.client(), {}
    assert queue.job(old.id)["state"] == "leased" and queue.used() == 2
    assert queue.grant(old) == (0, 1000) and queue.claim(4) == ([], 1000)
    queue.set_clock(now)
    queue.seed(("meta:app", 0, HOUR), ("meta:act_1", 20, HOUR), ledger={"meta:act_1": [(1000, 7)], "meta:app": [(1000, 7)]})
    assert (queue.used(), queue.budget()["open"]) == (7, 0)
    queue.finish(other, refunded=1)  # its call is one of the seven, sent or not
    assert (queue.used(), queue.budget()["open"]) == (7, 0)
    assert queue.grant(old) == (1, 0)
    assert (queue.used(), queue.budget()["open"]) == (8, 1)
    queue.finish(old)
    assert (queue.used(), queue.used("meta:app"), queue.budget()["open"]) == (8, 8, 0)


def test_a_block_outlives_the_restart(queue):
    queue.enqueue(*jobs(3))
    [a], _ = queue.claim()
    queue.finish(a, blocked=7_200_000)
    until = queue.budget()["blocked_until"]
    queue.r.hset(queue.key("life"), "server", "0" * 40)  # as after a restart
    queue.seed_all()
    assert queue.budget()["blocked_until"] == until and queue.claim(1)[0] == []


def test_a_block_outlives_the_data(queue):
    queue.enqueue(*jobs(3))
    now = queue.now
    queue.r.flushall()
    queue.set_clock(now)
    queue.enqueue(*jobs(3))
    queue.seed(("meta:app", 0, HOUR), ("meta:act_1", 10, HOUR), blocked={"meta:act_1": 90_000})
    until = queue.now // 1000 + 90_000
    assert (queue.budget()["blocked_until"], queue.budget("meta:app")["blocked_until"]) == (until, 0)
    assert queue.claim(1) == ([], 90_000)
    queue.seed(("meta:act_1", 10, HOUR), blocked={"meta:act_1": 1000})  # known by now: nothing is seeded
    assert queue.budget()["blocked_until"] == until
    queue.advance(90_000)
    assert len(queue.claim(1)[0]) == 1


def test_calls_outside_of_jobs(queue):
    queue.seed_all(limit=2, accounts=["act_1"])

    def take():
        return tuple(queue.run("budget_take", "meta:act_1", 200_000))

    def settle(sent, blocked=0):
        queue.run("budget_settle", "meta:act_1", sent, -1, blocked, -1, 0, 0)

    assert (take(), take()) == ((1, 0), (1, 0)) and take()[0] == 0
    settle(0)
    assert (queue.used(), queue.budget()["open"]) == (1, 1)
    settle(1)
    settle(1)  # nothing is under way any more
    assert (queue.used(), queue.budget()["open"], queue.used("meta:app")) == (1, 0, 1)
    assert take() == (1, 0)  # its program dies
    queue.advance(200_000)
    queue.reap()
    assert (queue.used(), queue.budget()["open"]) == (2, 0)
    settle(1, blocked=1000)
    assert (queue.used(), queue.budget()["blocked_until"]) == (2, queue.now // 1000 + 1000)
    assert tuple(queue.run("budget_take", "meta:act_77", 200_000)) == (-1, 0)


def test_at_most_64_calls_outside_of_jobs_at_once(queue):
    words = [queue.run("budget_take", "meta:act_1", 200_000)[0] for _ in range(65)]
    assert words == [1] * 64 + [0] and queue.used() == 64


@pytest.mark.parametrize("back, blocks", [(HOUR // 2, 3 * HOUR // 2), (2 * HOUR, HOUR), (365 * 24 * HOUR, HOUR)])
@pytest.mark.parametrize("finished", ["before", "after"])
def test_a_clock_that_steps_back_frees_nothing_and_blocks_for_two_windows_at_most(queue, back, blocks, finished):
    queue.seed_all(limit=3, accounts=["act_1"])
    queue.enqueue(*jobs(9))
    got, _ = queue.claim(9)
    if finished == "before":
        assert [queue.finish(j) for j in got] == [1, 1, 1]
    queue.advance(-back)
    if finished == "after":
        assert [queue.finish(j) for j in got] == [1, 1, 1]
    assert queue.claim(9)[0] == [] and queue.used() == 3
    queue.advance(blocks)
    assert queue.claim(9)[0] == []
    queue.advance(BUCKET)
    assert len(queue.claim(9)[0]) == 3 and queue.used() == 3


def test_a_clock_that_steps_back_keeps_no_budget_from_being_seeded(queue):
    queue.advance(-2 * HOUR)  # to before these data began
    life, wait, known = queue.run("budget_set", "meta:act_9", 100, HOUR)
    assert (wait, known) == (3000, 0)
    queue.advance(3000)
    assert queue.run("budget_set", "meta:act_9", 100, HOUR) == [life, 0, 0]
    assert queue.run("budget_set", "meta:act_1", 1000, HOUR) == [life, 0, 1]  # what was known still is


def test_a_block_of_days_is_kept_to_its_end(queue):
    days = 6 * 24 * HOUR
    queue.enqueue(*jobs(2))
    [a], _ = queue.claim()
    queue.finish(a, blocked=days)
    assert queue.claim(1) == ([], days)
    queue.advance(days - 1)
    assert queue.claim(1)[0] == []
    queue.advance(1)
    assert len(queue.claim(1)[0]) == 1


def test_a_block_of_a_clock_that_was_ahead_ends(queue):
    queue.enqueue(*jobs(2))
    [a], _ = queue.claim()
    queue.finish(a, blocked=HOUR)
    queue.advance(-365 * 24 * HOUR)
    week = 7 * 24 * HOUR
    assert queue.claim(1) == ([], week) and queue.budget()["blocked_until"] == queue.now // 1000 + week
    queue.advance(week - 1)
    assert queue.claim(1)[0] == []
    queue.advance(1)
    assert len(queue.claim(1)[0]) == 1
