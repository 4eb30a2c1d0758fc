"""What one worker keeps in memory: at most while 64 jobs read pages of 1,000 rows, and when the budget is spent and all of
them are parked. One account of 10,000 ads, a chunk a day, so that every page but each day's last is full."""
import re
import time

from bench_accounts import UNLIMITED
from system import wait_for

ROUNDS, JOBS, CALLS = 3, 64, 300
PARKED_SECONDS = 4  # paced work makes a call each six
SANDBOX = (*UNLIMITED, "--ads", "10000", "--campaigns", "200", "--adsets", "2000", "--latency-ms", "300")
SETTINGS = {"META_CALLS_PER_WINDOW": CALLS, "CHUNK_DAYS": 1, "PAGE_LIMIT": 1000, "WORKER_CONCURRENCY": JOBS}


def megabytes(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(rf"^{name}:\s+(\d+) kB", status.read(), re.M)[1]) * 1024 / 1e6


def one(place):
    redis = place.redis.client()
    with place.system(sandbox=SANDBOX, **SETTINGS) as system:
        system.scheduler()
        worker = system.worker().process
        connection = system.connect()
        start = megabytes(worker.pid, "VmRSS")
        system.metricx("sync", "--connection", connection, "--metrics")
        most, at_work = 0, time.monotonic()

        def parked():
            nonlocal most, at_work
            in_flight = redis.zcard("{metricx}:lease")
            most = max(most, in_flight)
            if in_flight > 0 or most == 0:
                at_work = time.monotonic()
            return time.monotonic() - at_work > PARKED_SECONDS

        wait_for("all jobs parked", parked)
        assert system.query("SELECT count(*) FROM sync_chunks WHERE status IN ('queued', 'running')")[0][0] > 0
        return {"start": start, "peak": megabytes(worker.pid, "VmHWM"), "parked": megabytes(worker.pid, "VmRSS"), "jobs": most,
                "calls": system.sandbox.calls()["total"]}


def run(place, table):
    rounds = [one(place) for _ in range(ROUNDS)]
    table.head(f"memory of one worker, WORKER_CONCURRENCY={JOBS}, until a budget of {CALLS} calls has no room for another slice")
    table.row("jobs in flight at most", [r["jobs"] for r in rounds], "jobs")
    table.row("calls made", [r["calls"] for r in rounds], "calls")
    table.row("resident before the first job", [r["start"] for r in rounds], "MB")
    table.row("resident at its peak", [r["peak"] for r in rounds], "MB")
    table.row(f"resident {PARKED_SECONDS} s after all jobs were parked", [r["parked"] for r in rounds], "MB")
