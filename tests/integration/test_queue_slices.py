"""Slices that are begun are finished. A provider's cursor serves for 15 minutes, then a slice is read from its first page again:
were the budget of an hour spent on a few pages of each of many slices, none of them would ever end."""
import math

import pytest

from queue_events import SlotWorker
from redis_scripts import Queue

WINDOW, CURSOR_MS = 3_600_000, 900_000


class Worker(SlotWorker):
    def __init__(self, client, slots, app, limit, new):
        super().__init__(client, 1, slots)
        self.q.seed(("meta:app", app, WINDOW), *[(f"meta:{account}", limit, WINDOW) for account in {job[2] for job in new}])
        self.whole = {job[0]: job[5] for job in new}
        self.left, self.saved = dict(self.whole), {}
        self.calls, self.done = 0, 0
        self.q.enqueue(*new)

    def run(self, until):
        self.claim()
        while self.events and self.now < until:
            self.step()

    def begin(self, job):
        if self.now - self.saved.get(job.id, self.now) > CURSOR_MS:
            self.left[job.id] = self.whole[job.id]
        self.call(job)

    def call(self, job):
        self.calls += 1
        self.send(job)

    def ended(self, job):
        self.left[job.id] -= 1
        self.saved[job.id] = self.now
        if self.left[job.id] > 0 and self.q.grant(job)[0] == 1:
            self.call(job)
            return
        self.done += self.left[job.id] == 0
        self.let_go(job, self.left[job.id])


@pytest.mark.parametrize("slots, app, limit, accounts, jobs, pages, lane", [
    (64, 0, 200, 1, 16, 20, "high"),    # a person's sync of an account with 10,000 ads
    (64, 0, 200, 1, 46, 20, "low"),     # its backfill
    (64, 0, 200, 1, 46, 20, "normal"),  # its night
    (64, 400, 0, 200, 1, 8, "normal"),  # 200 accounts under one budget of the app
    (1, 400, 0, 45, 5, 8, "low"),
    (64, 400, 0, 45, 5, 8, "low"),
    (64, 4000, 200, 100, 2, 20, "low"),
])
def test_hardly_a_page_is_read_twice(redis_server, slots, app, limit, accounts, jobs, pages, lane):
    new = [(f"act_{i}-{k}", f"act_{i}", f"act_{i}", lane, 0, pages) for k in range(jobs) for i in range(accounts)]
    worker = Worker(redis_server.client(), slots, app, limit, new)
    begin, useful = worker.now, len(new) * pages
    windows = math.ceil(useful / (0.9 * min(filter(None, (app, limit * accounts)))))
    worker.run(begin + (windows + 1) * WINDOW)
    print(f"{worker.done} of {len(new)} jobs, {worker.calls} calls for {useful} pages, {(worker.now - begin) / WINDOW:.1f} windows of {windows}")
    assert worker.done == len(new)
    assert worker.calls <= 1.02 * useful


def test_promises_end_with_their_slices(redis_server):
    """However a slice ends, the calls that were kept for it are free for others."""
    queue = Queue(redis_server.client())
    queue.seed_all(limit=22, accounts=["act_1"])

    def kept():
        return sum(queue.budget()[f"promised_{lane}"] for lane in ("high", "normal", "low"))

    def begun(name):
        queue.enqueue((name, "c1", "act_1", "high", 0, 12))
        [job], _ = queue.claim()
        return job

    job = begun("done")
    assert kept() == 12 and queue.grant(job) == (1, 0) and kept() == 11
    queue.finish(job, "yield")
    assert kept() == 11  # it goes on before others begin
    queue.enqueue(("big", "c2", "act_1", "high", 0, 12))
    [job], _ = queue.claim(4)
    assert job.id == "done" and kept() == 10
    queue.finish(job)
    assert kept() == 0
    for how in ("drop", "dead"):
        queue.run("remove", "big")
        queue.finish(begun(how), how)
        assert kept() == 0, how
    begun("removed")
    queue.run("remove", "removed")
    assert kept() == 0


def test_a_person_does_not_wait_for_what_is_kept_for_backfills(redis_server):
    queue = Queue(redis_server.client())
    queue.seed_all(limit=100, accounts=["act_1"])
    queue.enqueue(*[(f"b{i}", "c1", "act_1", "low", 0, 20) for i in range(9)])
    assert len(queue.claim(9)[0]) == 4
    queue.enqueue(*[(f"h{i}", "c1", "act_1", "high", 0, 20) for i in range(9)])
    assert [job.id for job in queue.claim(9)[0]] == ["h0", "h1", "h2", "h3"]


def test_what_moves_up_takes_its_promise_along(redis_server):
    queue = Queue(redis_server.client())
    queue.seed_all(limit=100, accounts=["act_1"])
    queue.enqueue(("a", "c1", "act_1", "low", 0, 20))
    queue.claim()
    queue.enqueue(("a", "c1", "act_1", "high", 0, 20))
    budget = queue.budget()
    assert (budget["promised_high"], budget["promised_low"]) == (21, 0)


def test_a_limit_below_what_is_promised_stops_nobody(redis_server):
    """A refusal teaches that an account allows less than the slices that were begun are going to call: they go on one by one."""
    queue = Queue(redis_server.client())
    queue.seed_all(limit=100, accounts=["act_1"])
    queue.enqueue(*[(f"a{i}", "c1", "act_1", "high", 0, 20) for i in range(6)])
    jobs, _ = queue.claim(6)
    assert len(jobs) == 4 and queue.budget()["promised_high"] > 60
    for job in jobs:
        queue.finish(job, "yield", allowed=40)
    queue.advance(2 * WINDOW)  # no cursor serves any more
    done = 0
    for _ in range(10):
        [job] = queue.claim(1)[0]
        while queue.grant(job) == (1, 0) and queue.job(job.id)["promised"] != "0":
            pass
        queue.finish(job)
        done += 1
        queue.advance(2 * WINDOW)
        if done == 6:
            break
    assert done == 6
