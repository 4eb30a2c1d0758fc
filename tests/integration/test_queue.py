"""What the queue's scripts do with a job: delivery tokens, retries, dead letters, leases, removal, memory."""

import redis
import pytest

from redis_scripts import DAY, LEASE, Job, Queue, ids, jobs, queue  # noqa: F401 (fixture)


def drain(q, want=16):
    """All that can be claimed now, each job done at once."""
    taken = []
    while True:
        got, hint = q.claim(want)
        if not got:
            return taken, hint
        taken += ids(got)
        for j in got:
            assert q.finish(j) == 1


def test_a_job_from_put_in_to_gone(queue):
    assert queue.enqueue(("j1", "c1", "act_1", "low")) == 1
    assert queue.job("j1") == {
        "state": "ready", "run_id": "run-1", "connection_id": "c1", "domain": "meta:act_1", "kind": "metrics",
        "from": "2026-10-01", "to": "2026-10-07", "lane": "low", "attempts": "0", "deliveries": "0", "left": "1",
        "enqueued_at": str(queue.now // 1000)}
    [job], _ = queue.claim(8, worker="w9")
    h = queue.job("j1")
    assert (h["state"], h["worker"], h["deliveries"], h["leased_at"]) == ("leased", "w9", "1", str(queue.now // 1000))
    assert (job.id, job.lane, h["token"]) == ("j1", "low", job.token)
    assert queue.beat(job) == [1]
    assert (queue.job("j1")["page"], queue.job("j1")["rows"]) == ("3", "250")
    assert queue.finish(job) == 1
    assert queue.job("j1") == {} and queue.r.zcard(queue.key("lease")) == 0
    assert [queue.stat(s) for s in ("enqueued", "claimed", "finished", "stale")] == [1, 1, 1, 0]
    assert queue.claim(1) == ([], -1)


def test_a_live_job_is_not_put_in_twice(queue):
    assert queue.enqueue(*jobs(3)) == 3
    assert queue.enqueue(*jobs(4)) == 1
    [first], _ = queue.claim()
    assert queue.enqueue(*jobs(4)) == 0
    assert queue.ready("c1", "low") == ["c1-1", "c1-2", "c1-3"] and first.id == "c1-0"


def test_first_in_first_out(queue):
    queue.enqueue(*jobs(50))
    assert drain(queue)[0] == [f"c1-{i}" for i in range(50)]


@pytest.mark.parametrize("token", ["", "n1.0x", "n2.0"])
def test_every_script_compares_the_token(queue, token):
    queue.enqueue(*jobs(1))
    [job], _ = queue.claim()
    wrong = Job(job.id, token, job.lane)
    before = queue.job(job.id)
    assert queue.beat(wrong) == [0]
    assert queue.grant(wrong) == (-1, 0)
    for how in ("done", "drop", "retry", "yield", "dead"):
        assert queue.finish(wrong, how) == 0
    assert queue.job(job.id) == before and queue.stat("stale") == 7
    assert queue.budget()["open"] == 1


def test_a_late_worker_changes_nothing(queue):
    queue.enqueue(*jobs(1))
    [late], _ = queue.claim()
    queue.advance(LEASE + 1)
    assert queue.reap() == (1, 0)
    [now], _ = queue.claim(worker="w2")
    assert now.token != late.token
    assert (queue.beat(late), queue.grant(late), queue.finish(late)) == ([0], (-1, 0), 0)
    assert queue.job("c1-0")["worker"] == "w2"
    assert queue.finish(now) == 1


def test_retry_waits_and_counts(queue):
    queue.enqueue(*jobs(2))
    [job], _ = queue.claim()
    assert queue.finish(job, "retry", delay=7000, error="transient") == 1
    h = queue.job(job.id)
    assert (h["state"], h["attempts"], h["deliveries"], h["error"]) == ("delayed", "1", "0", "transient")
    assert "token" not in h and "worker" not in h
    assert drain(queue) == (["c1-1"], 7000)
    queue.advance(7000)
    got, _ = queue.claim(4)
    assert ids(got) == ["c1-0"] and queue.stat("retried") == 1


def test_put_in_with_a_delay(queue):
    queue.enqueue(("later", "c1", "act_1", "low", 2500))
    assert queue.job("later")["state"] == "delayed"
    assert queue.claim(1) == ([], 2500)
    queue.advance(2500)
    assert queue.reap() == (0, 1)
    assert ids(queue.claim(1)[0]) == ["later"]


def test_a_claim_promotes_at_most_32(queue):
    queue.enqueue(*[(f"d{i:02}", "c1", "act_1", "low", 1000) for i in range(40)])
    queue.advance(1000)
    got, hint = queue.claim(64)
    assert len(got) == 32 and hint == 0
    assert len(queue.claim(64)[0]) == 8


def test_dead_letters_are_listed_and_can_come_back(queue):
    queue.enqueue(*jobs(1))
    [job], _ = queue.claim()
    assert queue.finish(job, "dead", error="bad_request") == 1
    assert queue.r.zrange(queue.key("dead"), 0, -1, withscores=True) == [("c1-0", queue.now // 1000)]
    assert (queue.job("c1-0")["state"], queue.job("c1-0")["error"]) == ("dead", "bad_request")
    assert queue.claim(1) == ([], -1) and queue.run("missing", "c1-0", "low") == [1]
    assert queue.enqueue(*jobs(1)) == 1
    assert queue.r.zcard(queue.key("dead")) == 0 and "error" not in queue.job("c1-0")
    assert ids(queue.claim(1)[0]) == ["c1-0"]


def test_only_the_newest_dead_letters_are_kept(queue):
    queue.r.zadd(queue.key("dead"), {f"old-{i}": i for i in range(10_000)})
    queue.r.hset(queue.key("job", "old-0"), "state", "dead")
    queue.enqueue(*jobs(1))
    [job], _ = queue.claim()
    queue.finish(job, "dead")
    assert queue.r.zcard(queue.key("dead")) <= 10_000 and queue.r.zscore(queue.key("dead"), "c1-0")
    assert queue.job("old-0") == {}


def test_leases_end_unless_beaten(queue):
    queue.enqueue(*jobs(3))
    got, _ = queue.claim(3)
    queue.advance(LEASE - 1)
    assert queue.reap() == (0, 0)
    assert queue.beat(got[0], got[2]) == [1, 1]
    queue.advance(1)
    assert queue.reap() == (1, 0)
    assert queue.ready("c1", "low") == ["c1-1"] and queue.stat("reaped") == 1
    assert queue.job("c1-1")["deliveries"] == "1"  # PostgreSQL decides what is poison
    queue.beat(got[0], lease=10)  # a shorter beat never shortens a lease
    assert queue.r.zscore(queue.key("lease"), got[0].id) == (queue.now + LEASE * 1000) // 1000 - 1


def test_jobs_lost_together_again_start_apart(queue):
    """One of them may kill its workers, and the others only lie beside it."""
    queue.enqueue(*jobs(10))
    for _ in range(2):
        assert len(queue.claim(10)[0]) == 10
        queue.advance(LEASE)
        assert queue.reap() == (10, 0)
    assert sorted(queue.ready("c1", "low")) == ["c1-0", "c1-8"]
    now = (queue.now + LEASE * 2000) // 1000 - 2 * LEASE
    waits = [round(queue.r.zscore(queue.key("delayed"), f"c1-{i}")) - now for i in (1, 2, 7, 9)]
    assert waits == [LEASE // 2, LEASE, LEASE * 7 // 2, LEASE // 2]


def test_a_grant_keeps_the_lease_too(queue):
    queue.enqueue(*jobs(1))
    [job], _ = queue.claim()
    queue.advance(LEASE - 1)
    queue.grant(job)
    queue.advance(LEASE - 1)
    assert queue.reap() == (0, 0)


def test_what_was_lost_goes_to_the_head_and_its_call_counts(queue):
    queue.enqueue(*jobs(3))
    [job], _ = queue.claim()
    assert queue.budget()["open"] == 1
    queue.advance(LEASE)
    assert queue.reap() == (1, 0)
    assert queue.ready("c1", "low") == ["c1-0", "c1-1", "c1-2"]
    b = queue.budget()
    assert (b["open"], b["used"]) == (0, 1)
    queue.advance(3_700_000)
    queue.reap()
    assert queue.used() == 0  # also for those who only look


def test_removed_jobs_are_passed_over(queue):
    queue.enqueue(*jobs(5), ("d", "c1", "act_1", "low", 1000))
    [leased], _ = queue.claim()
    assert queue.run("remove", "c1-0", "c1-1", "c1-3", "d", "never") == 4
    assert queue.beat(leased) == [0] and queue.grant(leased) == (-1, 0) and queue.finish(leased) == 0
    assert queue.job("c1-0") == {} and queue.r.zcard(queue.key("delayed")) == 0
    assert drain(queue)[0] == ["c1-2", "c1-4"]


def test_the_call_of_a_removed_job_counts_on(queue):
    queue.enqueue(*jobs(1))
    [job], _ = queue.claim()
    queue.run("remove", job.id)
    queue.advance(LEASE - 1)
    queue.reap()
    assert queue.budget()["open"] == 1  # its worker may still be sending
    queue.advance(1)
    queue.reap()
    assert (queue.budget()["open"], queue.used()) == (0, 1)
    queue.advance(3_600_000 - 1)
    queue.reap()
    assert queue.used() == 1


def test_a_removed_job_can_be_put_in_again(queue):
    queue.enqueue(*jobs(2))
    queue.run("remove", "c1-0")
    assert queue.enqueue(*jobs(1)) == 1
    assert drain(queue)[0] == ["c1-0", "c1-1"]  # the list still held its old place
    assert queue.claim(4) == ([], -1)


def test_a_thousand_removed_jobs_do_not_stop_the_claims(queue):
    queue.enqueue(*jobs(1001))
    queue.run("remove", *[f"c1-{i}" for i in range(1000)])
    for _ in range(40):
        got, hint = queue.claim(1)
        if got:
            break
        assert hint == 0
    assert ids(got) == ["c1-1000"]


def test_missing_tells_what_the_reconciler_must_put_in(queue):
    queue.enqueue(*jobs(2), ("d", "c1", "act_1", "low", 1000), ("u", "c3", "act_3", "low"))
    queue.claim()
    assert queue.run("missing", "c1-0", "low", "c1-1", "low", "d", "low", "gone", "low") == [0, 0, 0, 1]
    assert queue.run("missing", "c1-0", "normal", "c1-1", "high", "d", "high") == [1, 1, 1]  # to be moved up
    assert queue.enqueue(("u", "c3", "act_3", "low")) == 0


def test_clear_takes_all_but_the_budgets(queue):
    queue.enqueue(*jobs(30), *jobs(5, "c2", "act_2", "high"), ("d", "c1", "act_1", "low", 1000))
    got, _ = queue.claim(3)
    queue.finish(got[0], "dead")
    queue.r.rpush(queue.key("requests"), "{}")
    rounds = 0
    while queue.run("clear", 4):
        rounds += 1
    assert rounds > 3
    left = {k.split(":", 1)[1] for k in queue.r.keys("*")}
    assert left == {"clock", "life", "stats", "wake", "rolling", "flying", "requests", "budget:meta:app",
                    "budget:meta:act_1", "budget:meta:act_2"}
    assert queue.beat(got[1]) == [0]
    assert queue.budget("meta:app")["open"] == 2 and queue.used("meta:app") == 3
    assert queue.enqueue(*jobs(30)) == 30 and len(drain(queue)[0]) == 30


def test_wake_tokens(queue):
    key = queue.key("wake")
    queue.r.delete(key)
    queue.enqueue(*jobs(3))
    assert queue.r.llen(key) == 3
    queue.enqueue(*jobs(200))
    assert queue.r.llen(key) == 64
    queue.r.delete(key)
    queue.enqueue(*jobs(200), ("d", "c1", "act_1", "low", 100))
    assert queue.r.llen(key) == 0  # nothing new to do
    queue.advance(100)
    queue.reap()
    assert queue.r.llen(key) == 1


def test_workers_are_registered(queue):
    queue.beat(worker="h:1", info={"host": "h", "pid": 1, "started": 1_800_000_000_000, "rows": 12})
    assert queue.r.hgetall(queue.key("worker", "h:1")) == {
        "host": "h", "pid": "1", "started": "1800000000000", "rows": "12"}
    assert 0 < queue.r.ttl(queue.key("worker", "h:1")) <= 60
    assert queue.r.zscore(queue.key("workers"), "h:1") == queue.now // 1000
    queue.advance(60_001)
    queue.reap()
    assert queue.r.zcard(queue.key("workers")) == 0


def test_a_finish_tells_the_runs_progress(queue):
    sub = queue.r.pubsub(ignore_subscribe_messages=True)
    sub.subscribe(queue.key("events"), queue.key("plan"))
    sub.get_message(timeout=5)
    sub.get_message(timeout=5)
    queue.enqueue(*jobs(3))
    got, _ = queue.claim(3)
    key = queue.key("run", "r7")
    queue.finish(got[0], run="r7", event='{"n":1}', fields=["status", "running", "chunks_done", "1"])
    assert queue.r.hgetall(key) == {"status": "running", "chunks_done": "1"} and queue.r.ttl(key) == -1
    queue.finish(got[1], run="r7", ended=True, event='{"n":2}', wake_plan=True, fields=["status", "succeeded"])
    assert queue.r.hget(key, "status") == "succeeded" and 6 * DAY < queue.r.pttl(key) <= 7 * DAY
    queue.finish(got[2], run="r7", event='{"n":3}', fields=["status", "running"])  # a word that comes late
    assert queue.r.hget(key, "status") == "succeeded" and queue.r.ttl(key) > 0
    heard = [(m["channel"], m["data"]) for m in iter(lambda: sub.get_message(timeout=0.2), None)]
    assert heard == [(queue.key("events"), '{"n":1}'), (queue.key("events"), '{"n":2}'), (queue.key("plan"), "1")]


def test_a_runs_progress_is_told_even_by_a_stale_delivery(queue):
    queue.enqueue(*jobs(1))
    [job], _ = queue.claim()
    queue.run("remove", job.id)
    assert queue.finish(job, run="r8", ended=True, fields=["status", "succeeded"]) == 0
    assert queue.r.hget(queue.key("run", "r8"), "status") == "succeeded"


def test_a_run_that_goes_on_is_kept(queue):
    key = queue.key("run", "run-1")
    queue.run("run_update", "run-1", 1, "", "status", "failed")
    assert queue.r.ttl(key) > 0
    queue.enqueue(*jobs(1))  # a dead letter of it is tried again
    assert queue.r.ttl(key) == -1
    queue.run("run_update", "run-1", 1, "", "status", "failed")
    queue.run("run_update", "run-1", 0, "", "status", "running")
    assert queue.r.ttl(key) == -1 and queue.r.hget(key, "status") == "running"


def test_out_of_memory_refuses_whole_batches_and_drains(queue):
    queue.enqueue(*jobs(20))
    queue.r.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.ResponseError, match="OOM"):
            queue.enqueue(*jobs(5, "c2"))
        got, _ = queue.claim(20)
        assert queue.beat(*got) == [1] * 20 and queue.grant(got[0])[0] == 1
        for how in ("retry", "yield", "dead", "done", "drop"):
            assert queue.finish(got.pop(), how, run="r", fields=["status", "running"]) == 1
        assert queue.reap() == (0, 1)
    finally:
        queue.r.config_set("maxmemory", 0)
    assert not queue.r.exists(queue.key("ready", "c2", "low"), queue.key("job", "c2-0"))


def test_a_clock_that_steps_back_keeps_neither_leases_nor_delays_for_longer(queue):
    queue.enqueue(*jobs(3), ("d", "c1", "act_1", "low", 5000), ("e", "c1", "act_1", "low", 90_000))
    [dead, retried, living], _ = queue.claim(3)
    queue.finish(retried, "retry", delay=7000)
    queue.advance(-2 * 3_600_000)
    assert queue.reap() == (0, 0)
    queue.advance(4999)
    assert queue.reap() == (0, 0)
    queue.advance(1)
    assert queue.reap() == (0, 1)
    queue.beat(living)
    queue.advance(2000)
    assert queue.reap() == (0, 1) and queue.job(retried.id)["state"] == "ready"
    queue.advance(LEASE - 7001)
    assert queue.reap() == (0, 0)
    queue.advance(1)
    assert queue.reap() == (1, 0) and queue.job(dead.id)["state"] == "ready"
    assert queue.beat(living) == [1]
    queue.advance(90_000 - LEASE)
    assert queue.reap()[1] == 1


def test_a_clock_that_steps_back_counts_calls_that_nobody_speaks_for_no_longer_than_an_hour(queue):
    assert queue.run("budget_take", "meta:act_1", 200_000) == [1, 0]
    queue.advance(-24 * 3_600_000)
    queue.reap()
    queue.advance(3_600_000 - 1)
    queue.reap()
    assert queue.budget()["open"] == 1
    queue.advance(1)
    queue.reap()
    assert queue.budget()["open"] == 0


def test_the_real_clock_runs_the_same_scripts(redis_server):
    q = Queue(redis_server.client(), fake_clock=False)
    q.seed_all()
    q.enqueue(*jobs(2))
    got, _ = q.claim(2)
    assert [q.finish(j) for j in got] == [1, 1] and q.used() == 2
    seconds = int(q.r.zscore(q.key("rolling"), "meta:act_1")) / 1e6
    assert abs(seconds - q.r.time()[0]) <= 61
