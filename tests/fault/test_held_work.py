"""Work is held in mid-backfill: no call starts, nothing is lost, and no page is read twice when it is released."""
import time

from invariants import check
from rig import CONCURRENCY
from system import wait_for

SMALL = {"BACKFILL_DAYS": 20}
WORKERS = 2


def calls(rig):
    return rig.calls_so_far()["total"]


def still(rig):
    """Once the calls under way have ended: how many there are, for as long as it takes to make some more."""
    wait_for("jobs that let go", lambda: rig.in_flight() == 0, 20)
    so_far = calls(rig)
    time.sleep(1.5)
    assert calls(rig) == so_far
    return so_far


def test_held_in_mid_backfill(make_rig, undisturbed):
    rig = make_rig(sandbox=("--latency-ms", "100"), **SMALL)
    connection = rig.connect()
    rig.start_members(workers=WORKERS)
    run = rig.begin(connection)
    for n, words in enumerate(([], ["--connection", connection])):
        rig.await_calls("insights", 3 + 4 * n)
        before = calls(rig)
        rig.metricx("hold", *words, "--reason", "a test")
        assert still(rig) <= before + 3 * CONCURRENCY * WORKERS  # those made while the command ran, and a page of each job
        rig.flush_redis()  # what is held is not in Redis
        rig.restart("worker0")
        assert still(rig) and rig.status(run) == "running"
        rig.metricx("release", *words)
    assert rig.await_end(run) == "succeeded"
    check(rig, [connection], undisturbed(**SMALL))
