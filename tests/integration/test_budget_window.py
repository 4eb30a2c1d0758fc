"""48 hours under a false clock: bursts, calls of random length, workers that die, Redis losing everything. Counted where the
provider counts, at the instants when calls arrive: never more than the limit in any rolling window."""

import bisect
import os

import pytest

from queue_events import Events

LIMIT = 200
WINDOW = 3_600_000
HOURS = 48
WORKERS, SLOTS = 3, 12
LEASE = 300_000


class World(Events):
    """A job in flight is one call after the other until its pages are read or the budget says no."""

    def __init__(self, client, seed, losses):
        super().__init__(client, seed)
        self.start = self.q.now // 1000
        self.end = self.start + HOURS * 3_600_000
        self.jobs_made = 0
        self.arrivals, self.ledger, self.grants = [], [], 0
        self.busy = self.busy_times()
        self.flying = {w: {} for w in range(WORKERS)}  # worker -> job id -> job
        self.claim_at = {}
        self.seed_budget()
        for w in range(WORKERS):
            self.at(self.start + w, self.claim, w)
            self.at(self.start + 100_000 * (w + 1), self.beat, w)
        for begin, _ in self.busy:
            self.at(begin, self.fill)
        for _ in range(HOURS * 3):
            self.at(self.random.randrange(self.start, self.end), self.crash, self.random.randrange(WORKERS))
        for _ in range(losses):
            self.at(self.random.randrange(self.start, self.end), self.lose)

    def busy_times(self):
        times, t = [], self.start
        while t < self.end:
            length = self.random.choice([600, 3000, 20_000, 60_000]) * 1000
            times.append((t, min(t + length, self.end)))
            t += length + self.random.choice([60, 1800, 4000, 11_000]) * 1000
        return times

    def is_busy(self, t):
        i = bisect.bisect(self.busy, (t, float("inf"))) - 1
        return i >= 0 and t < self.busy[i][1]

    def run(self):
        while self.events and self.events[0][0] < self.end:
            self.step()

    def seed_budget(self):
        entries = [(self.now - t, 1) for t in self.ledger if t > self.now - WINDOW - 300_000]
        self.q.seed(("meta:app", 0, WINDOW), ("meta:act_1", LIMIT, WINDOW), ledger={"meta:act_1": entries})

    # ---- what happens ----

    def fill(self):
        """Work for as long as the burst lasts: never fewer than 60 jobs waiting."""
        if not self.is_busy(self.now):
            return
        waiting = self.q.r.llen(self.q.key("ready", "c1", "high"))
        new = [(f"j{self.jobs_made + i}", "c1", "act_1", "high") for i in range(max(0, 60 - waiting))]
        self.jobs_made += len(new)
        if new:
            self.q.enqueue(*new)
        for w in range(WORKERS):
            self.claim(w)
        self.at(self.now + 60_000, self.fill)

    def claim(self, w):
        room = SLOTS - len(self.flying[w])
        got, hint = self.q.claim(room, worker=f"w{w}", lease=LEASE) if room and self.is_busy(self.now) else ([], -1)
        for job in got:
            job.pages = self.random.randrange(1, 9)
            self.flying[w][job.id] = job
            self.send(w, job)
        self.claim_when(w, hint)

    def claim_when(self, w, hint):
        if hint >= 0:
            due = self.now + max(hint, 1)
            if not self.now < self.claim_at.get(w, 0) <= due:
                self.claim_at[w] = due
                self.at(due, self.claim, w)

    def send(self, w, job):
        self.grants += 1
        self.ledger.append(self.now // 1000 * 1000)
        flight = self.random.choice([200, 700, 1500, 4000, 4000, 9000, 60_000]) * self.random.random()
        job.arrival = self.now + int(flight * self.random.random())
        self.arrivals.append(job.arrival)
        self.at(self.now + int(flight) + 1, self.ended, w, job)

    def ended(self, w, job):
        if self.flying[w].get(job.id) is not job:
            return
        job.pages -= 1
        word, _ = self.q.grant(job) if job.pages > 0 and self.is_busy(self.now) else (None, 0)
        if word == 1:
            self.send(w, job)
            return
        del self.flying[w][job.id]
        if word != -1:
            self.q.finish(job, "yield" if job.pages > 0 else "done")
        self.claim(w)

    def beat(self, w):
        jobs = list(self.flying[w].values())
        for job, word in zip(jobs, self.q.beat(*jobs, worker=f"w{w}", lease=LEASE)):
            if word == 0:
                del self.flying[w][job.id]
        self.q.reap()
        self.claim(w)
        self.at(self.now + 100_000, self.beat, w)

    def crash(self, w):
        """kill -9: what had not left does not leave any more, or just now."""
        for job in self.flying[w].values():
            if job.arrival > self.now:
                self.arrivals.remove(job.arrival)
                if self.random.random() < 0.5:
                    self.arrivals.append(self.now)
        self.flying[w] = {}

    def lose(self):
        """FLUSHALL; calls go on flying; the reconciler seeds and puts in."""
        now = self.q.now
        self.q.r.flushall()
        self.back(now)

    def back(self, now):
        self.q.set_clock(now + self.random.randrange(5_000_000))
        self.seed_budget()
        self.fill()

    # ---- what came of it ----

    def worst(self):
        times = sorted(self.arrivals)
        return max(bisect.bisect_left(times, t + WINDOW) - i for i, t in enumerate(times))

    def exact(self):
        """Calls of an exact sliding log that has all calls at once and needs no time for them."""
        times, t, busy = [], self.start, iter(self.busy)
        begin, end = next(busy)
        while True:
            t = max(t, begin, times[-LIMIT] + WINDOW if len(times) >= LIMIT else 0)
            while t >= end:
                begin, end = next(busy, (None, None))
                if begin is None:
                    return len(times)
            if t >= begin:
                times.append(t)


def seeds(default):
    return [int(os.environ["METRICX_SEED"])] if "METRICX_SEED" in os.environ else default


@pytest.mark.parametrize("seed", seeds([2]))
def test_the_window_holds_and_is_used(redis_server, seed):
    world = World(redis_server.client(), seed, losses=0)
    world.run()
    exact = world.exact()
    print(f"seed {seed}: {world.grants} calls, exact {exact}, {world.grants / exact:.1%}, worst window {world.worst()}")
    assert world.worst() <= LIMIT
    assert world.grants >= 0.95 * exact
    assert world.grants > 3 * LIMIT


@pytest.mark.parametrize("seed", seeds([3]))
def test_the_window_holds_when_redis_loses_everything(redis_server, seed):
    world = World(redis_server.client(), seed, losses=40)
    world.run()
    print(f"seed {seed}: {world.grants} calls, worst window {world.worst()}")
    assert LIMIT / 2 < world.worst() <= LIMIT


def test_the_check_would_notice(redis_server):
    """The same with a budget one too large fails."""
    world = World(redis_server.client(), 1, losses=0)
    world.q.seed(("meta:act_1", LIMIT + 1, WINDOW))
    world.run()
    assert world.worst() > LIMIT
