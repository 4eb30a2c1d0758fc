"""Redis' side of the work: jobs per second through our C client when the work itself is free, and what a claim costs
Redis while many accounts are parked because their budget is spent."""
import time

from redis_scripts import Queue

ROUNDS, JOBS, ACCOUNTS = 3, 10_000, 100
BATCHES = (1, 16, 64)
PARKED = (10, 10_000)
CLAIMS = 1_000
PREFIX = "{bench}"


def open_budgets(queue, limits):
    """limits: account -> calls per hour."""
    scopes = [("meta:app", 0), *((f"meta:{account}", limit) for account, limit in limits.items())]
    for first in range(0, len(scopes), 1000):
        part = scopes[first:first + 1000]
        answer = queue.run("budget_set", *[x for name, limit in part for x in (name, limit, 3_600_000)])
        time.sleep(answer[1] / 1000 + 0.01)
        assert queue.run("budget_seed", answer[0], *[x for name, limit in part for x in (name, limit, 3_600_000, 0, 0, 0)]) == 1


def speed(place, table, client):
    for batch in BATCHES:
        enqueued, drained = [], []
        for _ in range(ROUNDS):
            client.flushall()
            open_budgets(Queue(client, PREFIX, fake_clock=False), {f"act_{i}": 1_000_000 for i in range(ACCOUNTS)})
            said = place.driver("queue", place.redis.url, PREFIX, JOBS, ACCOUNTS, batch)
            assert client.hget(f"{PREFIX}:stats", "finished") == str(JOBS)
            enqueued.append(JOBS / said["enqueue"])
            drained.append(JOBS / said["drain"])
        table.row(f"claimed and finished, claims of up to {batch}", drained, "jobs/s")
    table.row("put in, 200 a script", enqueued, "jobs/s")


def microseconds(client, calls, times):
    """Redis' own time for one script."""
    client.config_resetstat()
    for _ in range(times):
        calls()
    return client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"]


def park(queue, accounts):
    """Each account has a budget of one call, spends it, and has one more job that waits."""
    open_budgets(queue, {f"act_{i}": 1 for i in range(accounts)})
    for first in range(0, accounts, 100):
        queue.enqueue(*((f"p{i}-{n}", f"c{i}", f"act_{i}", "low") for i in range(first, min(first + 100, accounts)) for n in (0, 1)))
    claimed = 0
    while claimed < accounts:
        jobs = queue.claim(64)[0]
        assert jobs
        claimed += len(jobs)
        for job in jobs:
            queue.finish(job)


def parked(table, client):
    for accounts in PARKED:
        claims, idle = [], []
        for _ in range(ROUNDS):
            client.flushall()
            queue = Queue(client, PREFIX, fake_clock=False)
            park(queue, accounts)
            idle.append(microseconds(client, lambda q=queue: q.claim(1), CLAIMS))
            open_budgets(queue, {"act_free": 1_000_000})
            for first in range(0, CLAIMS, 200):
                queue.enqueue(*((f"f{i}", "cf", "act_free", "low") for i in range(first, first + 200)))
            claims.append(microseconds(client, lambda q=queue: q.claim(1), CLAIMS))
            assert client.zcard(f"{PREFIX}:lease") == CLAIMS
        table.row(f"claim of one job with {accounts:,} accounts parked", claims, "µs")
        table.row(f"claim that finds nothing with {accounts:,} accounts parked", idle, "µs")


def run(place, table):
    client = place.redis.client()
    table.head(f"queue: {JOBS:,} jobs of {ACCOUNTS} accounts, one connection; then Redis' own time for one claim")
    speed(place, table, client)
    parked(table, client)
