"""A grant that outlives a stalled loop is given back, and asked for again."""
import re
import signal
import time

from invariants import check
from system import wait_for

ACCOUNT_BUDGET = "{metricx}:budget:meta:act_1001"


def steps_of(log, job):
    return re.findall(rf'job={job} from="?([a-z ]+?)"? to="?([a-z ]+?)"?$', log, re.M)


def test_a_worker_that_stands_still_between_its_grant_and_its_call(make_rig, undisturbed):
    settings = {"LEASE_SECONDS": 30, "META_WINDOW_SECONDS": 3600, "META_CALLS_PER_WINDOW": 1000}
    rig = make_rig(**settings)
    connection, client = rig.connect(), rig.redis.client()
    worker = rig.add("worker0", LOG_LEVEL="debug", WORKER_CONCURRENCY=1)
    rig.add("scheduler0")
    first = rig.day(11)  # of the second newest slice: it has more pages than one
    rig.fault(kind="delay", match=f'?after=&time_range={{"since":"{first}"', delay_ms=1000)
    run = rig.begin(connection)
    wait_for("its first page", lambda: rig.calls_so_far()["faults_struck"] == 1)
    job = client.zrange("{metricx}:lease", 0, -1)[0]
    turn = int(client.hget("{metricx}:job:" + job, "turn") or 0)
    for link in rig.links("worker0 redis"):
        link.freeze_answers()
    wait_for("the grant", lambda: int(client.hget("{metricx}:job:" + job, "turn") or 0) == turn + 1)
    wait_for("its log", lambda: steps_of(worker.log(), job)[-1:] == [("staging", "granting")])
    worker.process.send_signal(signal.SIGSTOP)
    rig.heal()
    rig.vain = 0
    time.sleep(2.5)
    worker.process.send_signal(signal.SIGCONT)
    rig.await_end(run)
    steps = steps_of(worker.log(), job)
    again = steps.index(("granting", "granting"))
    assert steps[again - 1:again + 2] == [("staging", "granting"), ("granting", "granting"), ("granting", "fetching")]
    check(rig, [connection], undisturbed(**settings))
    assert int(client.hget(ACCOUNT_BUDGET, "used")) == rig.calls_so_far()["total"], client.hgetall(ACCOUNT_BUDGET)
