"""Workers and schedulers are killed, stalled and stopped in mid-backfill."""
import pytest
from invariants import check
from scenario import ALL, SEEDS, perform, play, random_kills, say_seed
from system import wait_for

KILLS = 50


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_at_random_moments(make_rig, undisturbed, seed):
    """And no job is taken for poison because of them: that would be a dead letter."""
    say_seed(seed)
    play(make_rig(), random_kills(seed, KILLS), undisturbed(), endless=True)


@pytest.mark.skipif(not ALL, reason="long; above the same in several backfills")
def test_a_hundred_kills_in_one_backfill(make_rig, undisturbed):
    settings = {"PAGE_LIMIT": 10}  # so that it lasts
    say_seed(SEEDS[0])
    rig = make_rig(**settings)
    connection = rig.connect()
    rig.start_members()
    run = rig.begin(connection)
    perform(rig, random_kills(SEEDS[0], 100))
    assert rig.status(run) == "running"
    rig.await_end(run, 300)
    check(rig, [connection], undisturbed(**settings))


SCENARIOS = {
    "a worker and a scheduler": [
        (("insights", 8), "stall", "worker0"), (0, "stall", "scheduler0"), (6, "resume", "worker0"), (0, "resume", "scheduler0")],
}
if ALL:
    SCENARIOS |= {
        "two workers in turn": [(("insights", 8), "stall_for", "worker0", 6), (0, "stall_for", "worker1", 6)],
        "all schedulers": [
            (("entities", 1), "stall", "scheduler0"), (0, "stall_for", "scheduler1", 6), (0, "resume", "scheduler0")],
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_standing_still(make_rig, undisturbed, name):
    play(make_rig(), SCENARIOS[name], undisturbed())


def test_a_crash_leaves_no_core_file(make_rig, undisturbed):
    play(make_rig(), [(("insights", 8), "crash", "worker0"), (0, "crash", "scheduler0")], undisturbed())


def test_a_job_that_kills_its_workers_is_poison(make_rig, undisturbed):
    """After five of them it is a dead letter, and all other work is done; retried, it is done as well."""
    rig = make_rig()
    connection = rig.connect()
    first = rig.day(11)  # of the second newest slice
    rig.fault(kind="hang", match=f'?after=&time_range={{"since":"{first}"', count=-1)
    rig.start_members()
    run = rig.begin(connection)
    sql = "SELECT id FROM sync_chunks WHERE kind = 'metrics' AND NOT totals AND date_from = %s"
    chunk = wait_for("its jobs", lambda: rig.query(sql, first))[0][0]
    for n in range(1, 6):
        wait_for(f"call {n}", lambda: rig.calls_so_far()["faults_struck"] == n)
        rig.restart(rig.who_has(chunk))
    assert rig.await_end(run) == "partial"
    check(rig, [connection], undisturbed(), dead=["poison"])
    rig.fault(clear=True)
    rig.metricx("dead", "retry", chunk)
    assert rig.await_end(run) == "succeeded"
    check(rig, [connection], undisturbed())
