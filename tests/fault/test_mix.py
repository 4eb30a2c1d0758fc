"""Guarantee 1: whatever mix of kills, stalls and restarts, the tables are those of an undisturbed sync, and the budget holds.

METRICX_FAULT_SEED and METRICX_FAULT_SECONDS repeat a run or make it long."""
import os
import random
import re
import signal
import time

import pytest
import redis as redis_client

from system import wait_for
from truth import assert_truth

WINDOW, LIMIT = 5, 60


class Chaos:
    def __init__(self, system, postgres, redis_server, seed):
        self.system, self.postgres, self.redis = system, postgres, redis_server
        self.random = random.Random(seed)
        self.schedulers = [system.scheduler() for _ in range(2)]
        self.workers = [system.worker() for _ in range(3)]
        self.killed = set()

    def kill(self, group, start):
        daemon = group.pop(self.random.randrange(len(group)))
        self.killed.add(daemon)
        daemon.kill()
        group.append(start())

    def kill_worker(self):
        self.kill(self.workers, self.system.worker)

    def kill_scheduler(self):
        self.kill(self.schedulers, self.system.scheduler)

    def stop_worker(self):
        self.workers.pop(0).stop()
        self.workers.append(self.system.worker())

    def stop_scheduler(self):
        self.schedulers.pop(0).stop()
        self.schedulers.append(self.system.scheduler())

    def stall(self, pid, seconds):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    def stall_worker(self):
        self.stall(self.random.choice(self.workers).process.pid, self.random.choice([0.5, 3.5]))

    def stall_scheduler(self):
        self.stall(self.random.choice(self.schedulers).process.pid, self.random.choice([0.5, 6]))

    def stall_redis(self):
        self.stall(self.redis.pid, self.random.choice([0.5, 6]))

    def restart_redis(self):
        self.redis.restart()

    def flush_redis(self):
        self.redis.client().flushall()

    def restart_postgres(self):
        self.postgres.restart()

    def crash_postgres(self):
        self.postgres.crash()
        self.postgres.start()

    def one(self):
        fault = self.random.choice([
            self.kill_worker, self.kill_worker, self.stop_worker, self.stall_worker, self.stall_worker, self.kill_scheduler,
            self.stop_scheduler, self.stall_scheduler, self.stall_redis, self.restart_redis, self.flush_redis, self.restart_postgres,
            self.crash_postgres])
        print(f"{time.strftime('%H:%M:%S')} {fault.__name__}", flush=True)
        fault()


@pytest.mark.parametrize("seed", [int(s) for s in os.environ.get("METRICX_FAULT_SEED", "1").split(",")])
def test_any_mix_of_faults_leaves_the_same_tables(make_system, postgres, redis_server, seed):
    seconds = float(os.environ.get("METRICX_FAULT_SECONDS", "20"))
    system = make_system(sandbox=("--latency-ms", "30"), LEASE_SECONDS=3, CHUNK_DAYS=6, PAGE_LIMIT=100, WORKER_CONCURRENCY=6,
                         META_CALLS_PER_WINDOW=LIMIT, META_WINDOW_SECONDS=WINDOW, MAX_ATTEMPTS=50, SHUTDOWN_GRACE_SECONDS=8)
    system.sandbox.post("clock", stop=True)
    connection = system.connect()
    chaos = Chaos(system, postgres, redis_server, seed)
    runs = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not runs or system.query("SELECT status FROM sync_runs WHERE id = %s", runs[-1])[0][0] not in ("queued", "running"):
            runs.append(system.metricx("sync", "--connection", connection, "--force").splitlines()[0])
        time.sleep(chaos.random.uniform(0.3, 2))
        chaos.one()
    for daemon in chaos.schedulers + chaos.workers:
        assert daemon.process.poll() is None, f"{daemon.log_path} ended with {daemon.process.returncode}:\n{daemon.log()[-3000:]}"
    wait_for("the end of the runs", lambda: not system.query("SELECT 1 FROM sync_runs WHERE status IN ('queued', 'running')"))
    assert [row[0] for row in system.query("SELECT DISTINCT status FROM sync_runs")] == ["succeeded"]
    assert_truth(system, connection)
    calls = system.sandbox.calls(window=WINDOW)
    assert calls["max_in_window"] <= LIMIT and calls["refused"] == 0
    redis = redis_client.Redis(port=redis_server.port)
    wait_for("an empty queue", lambda: not redis.keys("{metricx}:job:*") and not redis.zcard("{metricx}:lease"))
    assert system.query("SELECT count(*) FROM chunk_facts")[0][0] == 0
    assert system.query("SELECT count(*) FROM chunk_cursor")[0][0] == 0
    for daemon in system.daemons:
        assert "Sanitizer" not in daemon.log() and "runtime error" not in daemon.log(), daemon.log_path


def in_mid_backfill(system):
    system.sandbox.post("clock", stop=True)
    connection = system.connect()
    run = system.metricx("sync", "--connection", connection).splitlines()[0]
    wait_for("the middle of the backfill", lambda: system.sandbox.calls()["counts"].get("insights", 0) >= 10)
    return connection, run


@pytest.mark.parametrize("away", ["postgres", "redis"])
def test_sigterm_ends_within_the_grace_time_while_a_server_is_away(make_system, postgres, redis_server, away):
    server = {"postgres": postgres, "redis": redis_server}[away]
    system = make_system(sandbox=("--latency-ms", "100"), LEASE_SECONDS=2, CHUNK_DAYS=6, PAGE_LIMIT=50, SHUTDOWN_GRACE_SECONDS=5,
                         META_CALLS_PER_WINDOW=5000)
    scheduler, worker = system.scheduler(), system.worker()
    connection, run = in_mid_backfill(system)
    server.stop()
    time.sleep(1)
    for daemon in (scheduler, worker):
        daemon.process.send_signal(signal.SIGTERM)
    codes = [daemon.process.wait(60) for daemon in (scheduler, worker)]
    server.start()
    assert codes == [0, 0], worker.log()[-3000:]
    system.scheduler()
    system.worker()
    wait_for("the end of the run", lambda: system.query("SELECT status FROM sync_runs WHERE id = %s", run)[0][0] == "succeeded")
    assert_truth(system, connection)


def test_work_goes_on_by_itself_after_postgresql_was_away(make_system, postgres):
    system = make_system(sandbox=("--latency-ms", "30"), LEASE_SECONDS=2, CHUNK_DAYS=6, PAGE_LIMIT=50, META_CALLS_PER_WINDOW=5000)
    daemons = [system.scheduler(), system.worker()]
    connection, run = in_mid_backfill(system)
    postgres.stop()
    time.sleep(8)
    calls = system.sandbox.calls()["total"]
    time.sleep(2)
    later = system.sandbox.calls()["total"]
    postgres.start()
    assert later == calls, "PostgreSQL is away, and calls are made"
    wait_for("the end of the run", lambda: system.query("SELECT status FROM sync_runs WHERE id = %s", run)[0][0] == "succeeded")
    assert_truth(system, connection)
    assert all(daemon.process.poll() is None for daemon in daemons)


@pytest.mark.parametrize("name", ["metricx-scheduler", "metricx-worker"])
def test_a_start_that_fails_says_why_and_leaves_nothing_open(make_system, name):
    system = make_system()
    first = system.worker(METRICS_LISTEN="127.0.0.1:0")
    taken = wait_for("its port", lambda: re.search(r'"metrics are served" port=(\d+)', first.log()))[1]
    second = system.start(name, METRICS_LISTEN=f"127.0.0.1:{taken}")
    assert second.process.wait(60) == 1, second.log()
    assert "METRICS_LISTEN" in second.log() and "Sanitizer" not in second.log()
