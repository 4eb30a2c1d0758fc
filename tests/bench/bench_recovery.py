"""Redis is cut off in the midst of a backfill, restarted without its data, or loses them while it is up: how long until the next
call, and how much later everything is stored. Leases and all other settings that matter here have their defaults."""
import sys
import time

from bench_sync import seconds_of
from measure import ROOT
from system import wait_for

sys.path.insert(0, str(ROOT / "tests/fault"))
from link import Link  # noqa: E402

ROUNDS, AWAY_SECONDS = 3, 10
SETTINGS = {"META_CALLS_PER_WINDOW": 100_000, "CHUNK_DAYS": 1, "PAGE_LIMIT": 20, "WORKER_CONCURRENCY": 4}
SANDBOX = ("--latency-ms", "100", "--limit-calls", "1000000")
MIDST = 50  # calls


def calls(system):
    return system.sandbox.calls()["total"]


def cut_off(redis, link, system):
    """The calls until it is back, and when that was."""
    link.cut()
    time.sleep(AWAY_SECONDS)
    before = calls(system)
    link.heal()
    return before, time.monotonic()


def restarted(redis, link, system):
    redis.stop()
    time.sleep(AWAY_SECONDS)
    before = calls(system)
    redis.start()
    return before, time.monotonic()


def flushed(redis, link, system):
    """What was granted before may still be sent: the next call is one of the new data's budget."""
    redis.client().flushall()
    lost = time.monotonic()
    wait_for("new budgets", lambda: redis.client().exists("{metricx}:budget:meta:act_1001"))
    return calls(system), lost


def undisturbed(redis, link, system):
    return None


def measure(place, disturb):
    """Seconds until the next call, and of the whole run."""
    with place.system(sandbox=SANDBOX, **SETTINGS) as system:
        link = Link(place.redis.port)
        system.env["REDIS_URL"] = f"redis://127.0.0.1:{link.port}/0"
        system.scheduler()
        system.worker()
        connection = system.connect()
        run = system.metricx("sync", "--connection", connection).splitlines()[0]
        wait_for("the midst", lambda: calls(system) >= MIDST)
        back = disturb(place.redis, link, system)
        until_call = 0
        if back:
            wait_for("a call", lambda: calls(system) > back[0])
            until_call = time.monotonic() - back[1]
        wait_for("the end", lambda: system.query("SELECT finished_at FROM sync_runs WHERE id = %s", run)[0][0])
        row = system.query("SELECT status, created_at::text, finished_at::text FROM sync_runs WHERE id = %s", run)[0]
        assert row["status"] == "succeeded", row
        return until_call, seconds_of(row)


def run(place, table):
    alone = [measure(place, undisturbed)[1] for _ in range(ROUNDS)]
    normal = sorted(alone)[ROUNDS // 2]
    table.head(f"recovery: Redis in the midst of a backfill, one worker, away for {AWAY_SECONDS} s")
    table.row("undisturbed, request to stored", alone, "s")
    for name, disturb in (("cut off", cut_off), ("restarted without its data", restarted), ("emptied while it is up", flushed)):
        rounds = [measure(place, disturb) for _ in range(ROUNDS)]
        table.row(f"{name}: until the next call", [r[0] for r in rounds], "s")
        table.row(f"{name}: later than undisturbed, the time away included", [r[1] - normal for r in rounds], "s")
