"""What models of the queue's users share: things that happen at their times, on the fake clock of the queue's own scripts."""

import heapq
import random

from redis_scripts import Queue


class Events:
    """Times are milliseconds."""

    def __init__(self, client, seed):
        self.random = random.Random(seed)
        self.q = Queue(client)
        self.events, self.order = [], 0

    @property
    def now(self):
        return self.q.now // 1000

    def at(self, t, do, *args):
        self.order += 1
        heapq.heappush(self.events, (t, self.order, do, args))

    def step(self):
        """The next thing happens; the clock never goes back."""
        t, _, do, args = heapq.heappop(self.events)
        if t > self.now:
            self.q.set_clock(t * 1000)
        do(*args)


class SlotWorker(Events):
    """A worker of some slots; every call is one page of a job. A subclass says what begin(job) and ended(job) do."""

    def __init__(self, client, seed, slots):
        super().__init__(client, seed)
        self.free, self.claim_at = slots, None

    def claim(self):
        """As a worker does: whenever a slot is free, and when the last answer said so."""
        got, hint = self.q.claim(self.free) if self.free else ([], -1)
        self.free -= len(got)
        for job in got:
            self.begin(job)
        if got and self.free:
            self.claim()
        elif self.free and hint >= 0:
            self.claim_at = self.now + max(1, hint)
            self.at(self.claim_at, self.claim_due, self.claim_at)

    def claim_due(self, t):
        if t == self.claim_at:
            self.claim()

    def send(self, job):
        self.at(self.now + self.random.randrange(300, 3000), self.ended, job)

    def let_go(self, job, pages_left):
        self.q.finish(job, "yield" if pages_left > 0 else "done")
        self.free += 1
        self.claim()
