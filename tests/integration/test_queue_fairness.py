"""Fairness counted in calls: a connection with thousands of chunks and ten new accounts, whole jobs of several pages, on one
worker of some slots that runs the queue's own scripts. The budgets of the accounts are sufficient: what they share is slots,
and what the app may call.

A call of another counts against an account while one of the account's jobs waits: for a slot, or for the app. Calls beside
its own in slots that it has no job for take nothing from it."""

import collections

import pytest

from queue_events import SlotWorker

NEW = [f"act_{i}" for i in range(2, 12)]
WINDOW = 3_600_000


class Worker(SlotWorker):
    def __init__(self, client, seed, slots, app, big_lane):
        super().__init__(client, seed, slots)
        self.q.seed(("meta:app", app, WINDOW), *[(f"meta:{a}", 0, WINDOW) for a in ["act_1", *NEW]])
        self.calls, self.claimed = [], []  # accounts and jobs, in the order in which they were granted
        self.pages, self.left, self.lanes = {}, {}, {}
        self.waiting = collections.Counter()  # jobs of an account that have no slot
        self.own, self.others = collections.Counter(), collections.defaultdict(collections.Counter)
        self.put_in("act_1", big_lane, 5000)

    def put_in(self, account, lane, count):
        new = [(f"{account}-{i}", account, account, lane) for i in range(count)]
        for job_id, *_ in new:
            self.pages[job_id] = self.random.randrange(1, 9)
        self.lanes[account] = lane
        self.waiting[account] += count
        self.left[account] = sum(self.pages[job_id] for job_id, *_ in new)
        self.q.enqueue(*new)
        self.claim()

    def call(self, job):
        account = job.id.split("-")[0]
        self.calls.append(account)
        self.left[account] -= 1
        self.pages[job.id] -= 1
        self.own[account] += 1
        for other, jobs in self.waiting.items():
            if jobs > 0 and other != account:
                self.others[other][account] += 1
        self.send(job)

    def begin(self, job):
        self.claimed.append(job.id)
        self.waiting[job.id.split("-")[0]] -= 1
        self.call(job)

    def ended(self, job):
        if self.pages[job.id] > 0 and self.q.grant(job)[0] == 1:
            self.call(job)
            return
        self.waiting[job.id.split("-")[0]] += self.pages[job.id] > 0
        self.let_go(job, self.pages[job.id])

    def run(self, until):
        while not until():
            self.step()


RANK = ["high", "normal", "low"].index
LANES = [("low", ["low"]), ("normal", ["normal"]), ("high", ["high"]), ("low", ["high", "normal"]), ("low", ["low", "normal"])]


@pytest.mark.parametrize("big_lane, lanes", LANES)
@pytest.mark.parametrize("app", [0, 4000, 400])
@pytest.mark.parametrize("slots", [1, 3, 8, 32])
def test_ten_new_accounts_beside_a_giant_backfill(redis_server, slots, app, big_lane, lanes):
    w = Worker(redis_server.client(), seed=slots, slots=slots, app=app, big_lane=big_lane)
    w.run(lambda: len(w.calls) > 60)
    before, asked = len(w.claimed), len(w.calls)
    for i, account in enumerate(NEW):
        w.put_in(account, lanes[i % len(lanes)], w.random.randrange(1, 6))
    w.run(lambda: all(w.left[account] == 0 for account in NEW))
    assert all(w.own[account] > 0 for account in NEW)
    for account in NEW:
        for other, calls in w.others[account].items():
            if RANK(w.lanes[other]) >= RANK(w.lanes[account]):  # lanes go before each other
                assert calls <= 2 * w.own[account], (account, other, calls, w.own[account])
    if slots < 4:  # so few that the giant has none to itself: all its calls meanwhile
        assert w.calls[asked:].count("act_1") <= 2 * max(w.own[account] for account in NEW)
    claimed = w.claimed[before:]
    firsts = [claimed.index(f"{account}-0") for account in NEW]
    assert min(firsts) == 0, "the next free slot takes a newcomer's first job"
    assert not any(job.startswith("act_1-") for job in claimed[: max(firsts)])


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_one_new_account_beside_a_giant_backfill(redis_server, slots):
    """Nobody else: all calls between its request and its last one."""
    w = Worker(redis_server.client(), seed=slots, slots=slots, app=0, big_lane="low")
    w.run(lambda: len(w.calls) > 60)
    asked, before = len(w.calls), len(w.claimed)
    w.put_in("act_2", "low", 12)
    w.run(lambda: w.left["act_2"] == 0)
    assert w.claimed[before] == "act_2-0"
    calls = w.calls[asked:]
    assert len(calls) - w.own["act_2"] <= 2 * w.own["act_2"], (len(calls), w.own["act_2"])
