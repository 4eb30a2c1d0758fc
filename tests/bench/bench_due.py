"""A large installation at the worst minute: 10,000 connections, each with three months of days and 25 closed runs, are due at
once. First the scheduler alone, until every run is planned and its first jobs are in Redis; then two workers with the settings'
defaults drain them, while somebody waits for a sync of another account. Ends with an error if one was forgotten or ran twice."""
import time

import psycopg2

from bench_accounts import UNLIMITED
from bench_memory import megabytes
from crowd import (await_due_times, connect_all, due_at_once, far_from_night, one_chunk_each, one_run_each,
                   starts_in_vain)
from system import wait_for

CONNECTIONS, FIRST_JOBS, WORKERS = 10_000, 2, 2  # of a nightly run: the listing, the account's totals
SANDBOX = (*UNLIMITED, "--accounts", str(CONNECTIONS + 1), "--ads", "4", "--campaigns", "1", "--adsets", "2", "--latency-ms", "20")
PERSON = f"act_{1001 + CONNECTIONS}"
DRAIN_SECONDS = 1800
HISTORY = (
    """INSERT INTO account_days (connection_id, granularity, event_date, state, rows, total_spend, total_impressions, total_clicks, read_at)
       SELECT k.id, 'day', current_date - d, 'verified', 3, 10, 100, 10, now() - interval '1 day' - d * interval '6 hours'
         FROM connections k, generate_series(0, 90) d""",
    "INSERT INTO entity_listings (connection_id, read_at, whole_at) SELECT id, now() - interval '1 day', now() - interval '1 day' FROM connections",
    """INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, status, date_from, date_to, chunks_total, chunks_done,
                              created_at, started_at, finished_at, due_at, planned, told)
       SELECT k.workspace_id, k.id, 'full', 'nightly', 'succeeded', t.day - 28, t.day, 4, 4, t.at, t.at, t.at + interval '1 minute',
              t.at, 'all', 'succeeded'
         FROM connections k, generate_series(2, 26) d, LATERAL (SELECT current_date - d AS day, now() - d * interval '1 day' AS at) t""",
    """INSERT INTO sync_chunks (run_id, connection_id, kind, totals, date_from, date_to, status, deliveries, rows, calls, created_at,
                                started_at, finished_at, epoch, ordinal)
       SELECT r.id, r.connection_id, CASE o WHEN 0 THEN 'entities' ELSE 'metrics' END, o = 1, CASE WHEN o > 0 THEN r.date_from END,
              CASE WHEN o > 0 THEN r.date_to END, 'done', 1, 10, 1, r.created_at, r.created_at, r.finished_at, 1, o
         FROM sync_runs r, generate_series(0, 3) o""")


def installation(system):
    """Connections with their history, as autovacuum has seen it; the last account is that of the person who waits."""
    connect_all(system)
    system.query("UPDATE connections SET status = 'paused' WHERE external_account_id = %s", PERSON)
    far_from_night(system)
    for statement in HISTORY:
        system.query(statement)
    db = psycopg2.connect(system.database_url)
    db.autocommit = True
    db.cursor().execute("VACUUM ANALYZE")
    db.close()


def plan(system, redis):
    """Seconds from the due time until everything is in Redis."""
    def jobs():
        return int(redis.hget("{metricx}:stats", "enqueued") or 0)

    due_at_once(system)
    begin = time.monotonic()
    wait_for("all jobs", lambda: jobs() >= FIRST_JOBS * CONNECTIONS, 600)
    assert jobs() == FIRST_JOBS * CONNECTIONS
    return time.monotonic() - begin


def timed(action):
    start = time.monotonic()
    answer = action()
    return time.monotonic() - start, answer


def drain(system):
    """Seconds, the seconds that the person waited, the workers."""
    workers = [system.worker().process for _ in range(WORKERS)]
    start = time.monotonic()
    done = "SELECT count(*) FROM sync_runs WHERE status = 'succeeded' AND due_at > now() - interval '30 hours'"

    def runs_done(least):
        time.sleep(1)
        return system.query(done)[0][0] >= least

    wait_for("a tenth", lambda: runs_done(CONNECTIONS // 10), DRAIN_SECONDS)
    (person,), = system.query("UPDATE connections SET status = 'active', next_sync_at = now() + interval '9 hours' "
                              "WHERE external_account_id = %s RETURNING id", PERSON)
    waited, stored = timed(lambda: system.sync(person, "--metrics"))
    assert stored["status"] == "succeeded"
    system.query("DELETE FROM connections WHERE id = %s", person)  # the others are counted
    wait_for("all runs", lambda: runs_done(CONNECTIONS), DRAIN_SECONDS)
    return time.monotonic() - start, waited, workers


def run(place, table):
    redis = place.redis.client()
    with place.system(sandbox=SANDBOX) as system:
        installation(system)
        scheduler = system.scheduler().process
        await_due_times(system, CONNECTIONS)
        idle = redis.info("memory")["used_memory"]
        table.head(f"due: {CONNECTIONS:,} connections at once, 1,000,000 closed chunks; then {WORKERS} workers, 20 ms a call")
        table.row("due until all are planned and in Redis", plan(system, redis), "s")
        table.row("scheduler at its peak until then", megabytes(scheduler.pid, "VmHWM"), "MB")
        in_redis = redis.info("memory")["used_memory"] - idle
        table.row("Redis for a job, its budget included", in_redis / (FIRST_JOBS * CONNECTIONS), "bytes")
        status, report = timed(lambda: system.metricx("status", "--json"))
        table.row("metricx status --json", status, "s")
        table.row("  its answer", len(report) / 1e3, "kB")
        drained, waited, workers = drain(system)
        worker_memory = [megabytes(worker.pid, "VmHWM") for worker in workers]
        system.query("DELETE FROM sync_runs WHERE due_at < now() - interval '30 hours'")
        one_run_each(system, CONNECTIONS)
        one_chunk_each(system)
        assert starts_in_vain(system) == 0
        (chunks, calls), = system.query("SELECT count(*), sum(calls)::int FROM sync_chunks")
        table.row("all runs done", drained, "s")
        table.row("  chunks", chunks, "chunks")
        table.row("  calls", calls, "calls")
        table.row("scheduler at its peak until then", megabytes(scheduler.pid, "VmHWM"), "MB")
        table.row("a worker at its peak", worker_memory, "MB")
        table.row("sync that a person waits for meanwhile", waited, "s")
        table.row("sandbox at its peak", megabytes(system.sandbox.process.pid, "VmHWM"), "MB")
