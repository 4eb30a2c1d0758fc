"""Hundreds of connections are due at the same minute: none is forgotten and none runs twice, whoever dies meanwhile."""
import hashlib
import hmac

import pytest
from crowd import await_due_times, connect_all, due_at_once, one_chunk_each, one_run_each, questions_repeated, starts_in_vain
from invariants import no_chunk_is_open, no_secret_is_told, no_work_is_left_in_redis, nobody_crashed, nothing_is_staged
from rig import APP_SECRET, TOKEN
from scenario import ALL
from system import wait_for
from truth import assert_truth

COUNT = 300
PLANNED = "SELECT count(*) FROM sync_runs WHERE planned <> 'nothing' AND status <> 'cancelled'"


def make_crowd(make_rig, count, **settings):
    """So many connections, each with its due time, and nobody who plans or works."""
    rig = make_rig(sandbox=("--accounts", str(count), "--ads", "3", "--campaigns", "1", "--adsets", "1", "--latency-ms", "5"),
                   BACKFILL_DAYS=5, RESTATE_DAYS=5, **settings)
    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert connect_all(rig, token=TOKEN, appsecret_proof=proof) == count
    return rig


def leader(rig):
    """Name of the scheduler that plans."""
    holder = rig.query("SELECT holder FROM scheduler_lease")[0][0]
    return next(m.name for m in rig.members.values() if m.process.pid == int(holder.split(":")[1]))


def await_all(rig, count):
    wait_for("all runs", lambda: rig.query("SELECT count(*) FROM sync_runs WHERE finished_at IS NOT NULL")[0][0] == count, 300)


def check(rig, count, vain):
    """vain: starts of chunks, and calls, that the faults may have cost."""
    nobody_crashed(rig)
    no_chunk_is_open(rig, [])
    one_run_each(rig, count)
    one_chunk_each(rig)
    assert starts_in_vain(rig) <= vain
    assert questions_repeated(rig) <= vain
    for number in (1001, 1000 + count // 2, 1000 + count):
        (connection, first), = rig.query("""SELECT id, ((now() AT TIME ZONE timezone)::date - 5)::text FROM connections
                                             WHERE external_account_id = %s""", f"act_{number}")
        assert_truth(rig, connection, f"act_{number}", **{"from": first})
    no_work_is_left_in_redis(rig, [])
    nothing_is_staged(rig, [])
    no_secret_is_told(rig)


def test_a_scheduler_and_a_worker_die_in_between(make_rig):
    rig = make_crowd(make_rig, COUNT)
    rig.start_members(workers=2, schedulers=2)
    await_due_times(rig, COUNT)
    rig.slow("schedulers postgres", 0.02)  # so that it dies in the middle
    due_at_once(rig)
    wait_for("the first plans", lambda: rig.query(PLANNED)[0][0] > 0)
    rig.restart(leader(rig))
    assert rig.query(PLANNED)[0][0] < COUNT
    rig.slow("schedulers postgres", 0)
    done = "SELECT count(*) FROM sync_chunks WHERE status = 'done'"
    for n, worker in ((100, "worker0"), (500, "worker1")):
        wait_for(f"{n} chunks", lambda n=n: rig.query(done)[0][0] >= n)
        rig.restart(worker)
    rig.restart(leader(rig))
    await_all(rig, COUNT)
    check(rig, COUNT, rig.vain)


@pytest.mark.skipif(not ALL, reason="long; test_schedulers.py has the same with fewer")
def test_two_schedulers_tick_at_once(make_rig):
    """The lease, which only saves work, is over as soon as it is taken: both plan the same runs all the time."""
    rig = make_crowd(make_rig, COUNT)
    rig.query("""CREATE FUNCTION no_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     NEW.until := now() - interval '1 second';
                     RETURN NEW;
                 END $$;
                 CREATE TRIGGER no_lease BEFORE INSERT OR UPDATE ON scheduler_lease FOR EACH ROW EXECUTE FUNCTION no_lease()""")
    rig.start_members(workers=2, schedulers=2)
    await_due_times(rig, COUNT)
    due_at_once(rig)
    await_all(rig, COUNT)
    assert all(rig.members[name].metric("runs_planned_total") > 0 for name in ("scheduler0", "scheduler1"))
    check(rig, COUNT, 0)


@pytest.mark.skipif(not ALL, reason="long")
def test_10000_are_planned_while_schedulers_die(make_rig):
    """Planning only: each has its run, and the run its first two jobs, in PostgreSQL and in Redis."""
    count = 10_000
    rig = make_crowd(make_rig, count)
    rig.start_members(workers=0, schedulers=2)
    await_due_times(rig, count)
    rig.query("""INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, status, planned, told, created_at, finished_at)
                 SELECT workspace_id, id, 'full', 'manual', 'cancelled', 'all', 'cancelled', '2020-01-01', '2020-01-01' FROM connections;
                 INSERT INTO sync_chunks (run_id, connection_id, kind, status, ordinal)
                 SELECT id, connection_id, 'entities', 'cancelled', n FROM sync_runs, generate_series(1, 10) n;
                 ANALYZE""")  # the planner knows of a quiet hour
    due_at_once(rig)
    for share in (0.1, 0.4, 0.7):
        wait_for("some plans", lambda share=share: rig.query(PLANNED)[0][0] >= share * count)
        rig.restart(leader(rig))
    chunks = "SELECT id::text FROM sync_chunks"
    wait_for("all plans", lambda: rig.query(PLANNED)[0][0] == count, 300)
    redis = rig.redis.client()
    wait_for("all jobs", lambda: int(redis.hget("{metricx}:stats", "enqueued")) >= 2 * count)
    rig.query("DELETE FROM sync_runs WHERE status = 'cancelled'")
    one_run_each(rig, count)
    one_chunk_each(rig)
    assert {key.rsplit(":", 1)[1] for key in redis.scan_iter("{metricx}:job:*", 1000)} == {row[0] for row in rig.query(chunks)}
    assert rig.query("SELECT kind, totals, count(DISTINCT run_id), count(*) FROM sync_chunks GROUP BY 1, 2 ORDER BY 1") == [
        ["entities", False, count, count], ["metrics", True, count, count]]
    (reads,), = rig.query("""SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes
                              WHERE indexrelname IN ('sync_chunks_open', 'sync_runs_under_way')""")
    assert reads < 1000 * count, f"{reads} index entries of open work were read"
    nobody_crashed(rig)
