"""Random steps on the scripts and on a plain model; after each both must look the same."""

import os
import random

import pytest

from queue_model import LANES, Budget, Model
from redis_scripts import Job, Queue

STEPS = 1000
WINDOW = 60_000
ACCOUNTS = {"c1": "act_1", "c2": "act_1", "c3": "act_2", "c4": "act_3"}
LIMITS = {"meta:app": 30, "meta:act_1": 20, "meta:act_2": 5, "meta:act_3": 0}


def said(blocked, app_wide):
    return {"app_blocked" if app_wide else "blocked": blocked}


class Steps:
    def __init__(self, client, seed):
        self.random = random.Random(seed)
        self.q = Queue(client)
        self.q.seed(*[(scope, limit, WINDOW) for scope, limit in LIMITS.items()])
        self.m = Model({scope: Budget(limit, WINDOW) for scope, limit in LIMITS.items()})
        self.deliveries = []  # every (id, token) ever given out, newest last

    def some(self):
        """A delivery, mostly a recent one, sometimes of long ago."""
        if not self.deliveries or self.random.random() < 0.02:
            return Job(f"c1-{self.random.randrange(30)}", "never.0", "low")
        return Job(*self.random.choice(self.deliveries[-12:] if self.random.random() < 0.8 else self.deliveries), "low")

    # ---- steps: each does the same to both and compares the answers ----

    def enqueue(self):
        batch = []
        for _ in range(self.random.randrange(1, 6)):
            connection = self.random.choice(list(ACCOUNTS))
            batch.append((f"{connection}-{self.random.randrange(30)}", connection, ACCOUNTS[connection],
                          self.random.choice(["high", "normal", "low", "low"]), self.random.choice([0, 0, 0, 2000, 9000])))
        expected = sum(self.m.enqueue(*job) for job in batch)
        assert self.q.enqueue(*batch) == expected

    def claim(self):
        want = self.random.randrange(1, 9)
        want_low = self.random.randrange(0, want + 1)
        lease = self.random.choice([5000, 30_000])
        self.m.promote(32)
        got, hint = self.q.claim(want, want_low, lease=lease)
        self.m.claimed([(j.id, j.token, j.lane) for j in got], want, want_low, lease)
        self.deliveries += [(j.id, j.token) for j in got]
        due = [j.until for j in self.m.jobs.values() if j.state == "delayed"]
        assert not due or 0 <= hint <= max(0, min(due) - self.m.ms)

    def blame(self):
        return {"blocked": self.random.choice([0] * 12 + [3000, 20_000]), "app_wide": self.random.random() < 0.2}

    def grant(self):
        job, blame = self.some(), self.blame()
        ended, refunded = self.random.choice([(1, 0), (1, 0), (1, 0), (0, 1), (0, 0)])
        word = self.q.grant(job, ended, refunded, **said(**blame))[0]
        assert word == self.m.grant(job.id, job.token, ended, refunded, *blame.values(), word)

    def finish(self):
        job, blame = self.some(), self.blame()
        how = self.random.choice(["done", "done", "drop", "retry", "yield", "yield", "dead"])
        delay, refunded = self.random.choice([0, 1500, 7000]), self.random.choice([0, 0, 1])
        expected = self.m.finish(job.id, job.token, how, delay, refunded, *blame.values())
        assert self.q.finish(job, how, delay=delay, refunded=refunded, **said(**blame)) == expected

    def beat(self):
        held = [self.some() for _ in range(self.random.randrange(0, 6))]
        assert self.q.beat(*held, lease=12_000) == self.m.beat([(j.id, j.token) for j in held], 12_000)

    def reap(self):
        limit = self.random.choice([2, 1000])
        if limit == 2 and len([f for f in self.m.flying if f[0] <= self.m.ms]) > 2:
            limit = 1000
        assert self.q.reap(limit) == self.m.reap(limit)

    def remove(self):
        ids = {f"{self.random.choice(list(ACCOUNTS))}-{self.random.randrange(30)}" for _ in range(2)}
        assert self.q.run("remove", *ids) == sum(self.m.remove(i) for i in ids)

    def wait(self):
        self.q.advance(self.random.choice([1, 40, 700, 3000, 3000, 15_000, 61_000]))

    def step(self):
        names = ["enqueue"] * 4 + ["claim"] * 5 + ["grant"] * 5 + ["finish"] * 5 + ["beat", "reap", "reap", "remove"] + ["wait"] * 4
        name = self.random.choice(names)
        self.m.now = self.q.now
        getattr(self, name)()
        self.m.now = self.q.now

    # ---- both must look the same ----

    def read(self):
        """All there is, in one round trip."""
        keys = [self.q.key("job", job_id) for job_id in sorted(self.m.jobs)]
        self.lanes = sorted({(c, lane) for c in ACCOUNTS for lane in LANES})
        pipe = self.q.r.pipeline(transaction=False)
        for key in keys:
            pipe.hgetall(key)
        for index in ("lease", "delayed", "dead"):
            pipe.zrange(self.q.key(index), 0, -1, withscores=True)
        for scope in LIMITS:
            pipe.hgetall(self.q.key("budget", scope))
        for connection, lane in self.lanes:
            pipe.lrange(self.q.key("ready", connection, lane), 0, -1)
            pipe.zscore(self.q.key("domain", f"meta:{ACCOUNTS[connection]}", lane), connection)
            pipe.zscore(self.q.key("gate", lane), f"meta:{ACCOUNTS[connection]}")
        pipe.keys(self.q.key("job", "*"))
        answers = iter(pipe.execute())
        self.hashes = {key: next(answers) for key in keys}
        self.indexes = [{k: int(v) for k, v in next(answers)} for _ in range(3)]
        self.shown = {scope: next(answers) for scope in LIMITS}
        self.lists = {key: (next(answers)[::-1], next(answers), next(answers)) for key in self.lanes}
        assert set(next(answers)) == set(keys)

    def compare(self):
        # Sets what is set already: rolls the windows, so that `used` is of now.
        assert 0 not in self.q.run("budget_set", *[x for scope, limit in LIMITS.items() for x in (scope, limit, WINDOW, 0, 0)])[2:]
        self.read()
        for job in self.m.jobs.values():
            h = self.hashes[self.q.key("job", job.id)]
            assert (h["state"], h["lane"], int(h["attempts"]), int(h["deliveries"]), h.get("token"), int(h.get("open", 0))) == (
                job.state, job.lane, job.attempts, job.deliveries, job.token, job.open), job.id
        for index, state in zip(self.indexes, ("leased", "delayed", "dead")):
            assert index == {j.id: j.until for j in self.m.jobs.values() if j.state == state}
        for scope, b in self.m.budgets.items():
            shown = {k: int(v) for k, v in self.shown[scope].items() if k not in ("parked_by", "foreign_percent")}
            assert (shown["open"], shown["used"], shown["blocked_until"]) == (b.open, b.used(self.m.now), -(-b.blocked // 1000)), scope
            assert sum(v for k, v in shown.items() if k[0] == "b" and k[1:].isdigit()) == shown["used"] - shown["open"]
        self.compare_lists()

    def compare_lists(self):
        for key, (real, member, gate) in self.lists.items():
            waiting, model = self.m.waiting(key), self.m.lists.get(key, [])
            if not waiting:  # only places to pass over are left: how many a claim has passed is its own affair
                assert model[len(model) - len(real) :] == real
                self.m.lists[key] = real
            assert [i for i in model if i in waiting] == [i for i in real if i in waiting]
            assert not waiting or (member is not None and gate is not None), "work that nobody would find"


@pytest.mark.parametrize("seed", [int(os.environ["METRICX_SEED"])] if "METRICX_SEED" in os.environ else [1, random.randrange(10**6)])
def test_random_steps(redis_server, seed):
    print(f"METRICX_SEED={seed}")
    steps = Steps(redis_server.client(), seed)
    for _ in range(STEPS):
        steps.step()
        steps.compare()
    assert steps.q.stat("claimed") > 100 and steps.q.stat("stale") > 10 and steps.q.stat("reaped") > 10
