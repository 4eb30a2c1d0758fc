"""The queue's own scripts, run on a real Redis, with a clock that the test moves."""

import json
from pathlib import Path

import pytest

LUA = Path(__file__).resolve().parents[2] / "common/store/lua"
PRELUDE = (LUA / "common.lua").read_text()
CLOCK = "call('HMGET', P .. ':clock', 's', 'us')"
START = 1_800_000_000_000_000
LEASE = 30_000
HOUR = 3_600_000
DAY = 24 * HOUR


def text_of(name, fake_clock):
    first, rest = (LUA / f"{name}.lua").read_text().split("\n", 1)
    assert first.startswith("#!lua")
    assert PRELUDE.count("call('TIME')") == 1 and "TIME" not in rest
    prelude = PRELUDE.replace("call('TIME')", CLOCK) if fake_clock else PRELUDE
    return f"{first}\n{prelude}{rest}"


def jobs(count, connection="c1", account="act_1", lane="low", start=0):
    return [(f"{connection}-{i}", connection, account, lane) for i in range(start, start + count)]


def ids(claimed):
    return [j.id for j in claimed]


class Job:
    def __init__(self, job_id, token, lane):
        self.id, self.token, self.lane = job_id, token, lane


class Queue:
    """Each method is one script; times are milliseconds, `now` is the fake clock in microseconds."""

    def __init__(self, client, prefix="{q}", fake_clock=True):
        self.r, self.prefix, self.fake = client, prefix, fake_clock
        self.scripts, self.nonce = {}, 0
        if fake_clock:
            self.set_clock(START)

    def key(self, *parts):
        return ":".join([self.prefix, *parts])

    def set_clock(self, now):
        self.now = int(now)
        self.r.hset(self.key("clock"), mapping={"s": self.now // 1_000_000, "us": self.now % 1_000_000})

    def advance(self, ms):
        self.set_clock(self.now + ms * 1000)

    def run(self, name, *args):
        if name not in self.scripts:
            self.scripts[name] = self.r.register_script(text_of(name, self.fake))
        return self.scripts[name](keys=[self.prefix], args=list(args))

    # ---- jobs ----

    def enqueue(self, *jobs):
        """jobs: (id, connection, account, lane) with optional delay_ms and calls"""
        args = []
        for job_id, connection, account, lane, *more in jobs:
            args += [job_id, "run-1", connection, f"meta:{account}", "metrics", "2026-10-01", "2026-10-07", lane, 0, 0]
            args += [*more, *(0, 1)[len(more):]]
        return self.run("enqueue", *args)

    def claim(self, want=1, want_low=None, worker="w1", lease=LEASE):
        self.nonce += 1
        low = want if want_low is None else want_low
        answer = self.run("claim", worker, want, low, lease, f"n{self.nonce}")
        jobs = [Job(*answer[i : i + 3]) for i in range(1, len(answer), 3)]
        return jobs, answer[0]

    def grant(self, job, ended=1, refunded=0, usage=-1, blocked=0, app_usage=-1, app_blocked=0):
        return tuple(self.run("grant", job.id, job.token, ended, refunded, usage, blocked, app_usage, app_blocked, 0))

    def beat(self, *jobs, worker="w1", info=None, lease=LEASE):
        args = []
        for job in jobs:
            args += [job.id, job.token, 3, 250]
        return self.run("beat", worker, json.dumps(info or {"host": "h", "pid": 7}), lease, *args)

    def finish(self, job, how="done", delay=0, error="", refunded=0, usage=-1, blocked=0, app_usage=-1, app_blocked=0, allowed=0,
               run="", ended=False, event="", wake_plan=False, fields=()):
        return self.run("finish", job.id, job.token, how, delay, error, refunded, usage, blocked, app_usage, app_blocked,
                        allowed, run, int(ended), event, int(wake_plan), *fields)

    def reap(self, limit=1000):
        return tuple(self.run("reap", limit))

    # ---- budgets ----

    def seed(self, *scopes, ledger=None, blocked=None, allowed=None, wait=True):
        """scopes: (name, limit, window_ms); ledger: name -> [(age_ms, calls)]; blocked: name -> ms; allowed: name -> calls"""
        kept = {name: ((blocked or {}).get(name, 0), (allowed or {}).get(name, 0)) for name, _, _ in scopes}
        answer = self.run("budget_set", *[x for scope in scopes for x in (*scope, *kept[scope[0]])])
        if wait and answer[1] > 0 and self.fake:
            self.advance(answer[1])
        args = [answer[0]]
        for name, limit, window in scopes:
            entries = (ledger or {}).get(name, [])
            args += [name, limit, window, *kept[name], len(entries), *[x for entry in entries for x in entry]]
        return self.run("budget_seed", *args)

    def seed_all(self, limit=1000, accounts=("act_1", "act_2"), app=0, window=HOUR):
        return self.seed(("meta:app", app, window), *[(f"meta:{a}", limit, window) for a in accounts])

    def budget(self, scope="meta:act_1"):
        return {k: int(v) if k not in ("life", "parked_by") and v else v for k, v in self.r.hgetall(self.key("budget", scope)).items()}

    def used(self, scope="meta:act_1"):
        return int(self.r.hget(self.key("budget", scope), "used"))

    def job(self, job_id):
        return self.r.hgetall(self.key("job", job_id))

    def stat(self, name):
        return int(self.r.hget(self.key("stats"), name) or 0)

    def ready(self, connection, lane):
        return self.r.lrange(self.key("ready", connection, lane), 0, -1)[::-1]


@pytest.fixture
def queue(redis_server):
    q = Queue(redis_server.client())
    q.seed_all()
    return q
