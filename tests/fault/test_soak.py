"""Guarantee 1: whatever mix of faults, the tables are those of an undisturbed sync, and the budget holds. And whoever lives
through it holds no more memory and descriptors at its end than early in it.

Ten minutes with METRICX_FAULTS=all, else some seconds; METRICX_FAULT_SECONDS says otherwise."""
import os
import random
import statistics
import time

import pytest
from invariants import check
from scenario import ALL, SCHEDULERS, SEEDS, WORKERS, perform, say_seed
from test_provider import FAULTS, PAGES

SECONDS = float(os.environ.get("METRICX_FAULT_SECONDS", "600" if ALL else "15"))
LONGEST_DELAY = 300  # of a slice that failed again and again
MEASURED_FROM = 300  # seconds; below, what is held is still growing into its size
# They are stalled and cut off like the others, and never end.
SURVIVORS = ["worker3", "scheduler2"]
ALIVE = WORKERS + SCHEDULERS + SURVIVORS
# Of what was held early on, the least of many looks each: a leak lifts it.
MEMORY_MORE, MEMORY_MORE_KB, FILES_MORE = 1.1, 1024, 2


def way(dice):
    return f"{dice.choice(ALIVE + ['workers'])} {dice.choice(['postgres', 'redis', 'sandbox'])}"


def metas_fault(dice):
    fault = FAULTS[dice.choice(sorted(FAULTS))]
    return ("metas_fault", {"match": "insights", "skip": dice.randrange(5), "count": dice.randrange(1, 4), **fault},
            PAGES if fault.get("code") == 2642 else 0)  # the slice starts again


KINDS = [
    *[lambda dice: ("restart", dice.choice(WORKERS))] * 3,
    lambda dice: ("restart", dice.choice(SCHEDULERS)),
    lambda dice: ("crash", dice.choice(WORKERS + SCHEDULERS)),
    lambda dice: ("end", dice.choice(WORKERS + SCHEDULERS)),
    *[lambda dice: ("stall_for", dice.choice(ALIVE), dice.choice([0.5, 3.5]))] * 2,
    *[lambda dice: ("cut", way(dice))] * 2,
    *[lambda dice: ("freeze", way(dice))] * 2,
    lambda dice: ("slow", way(dice), 0.1),
    *[lambda dice: ("heal",)] * 4,
    lambda dice: ("lose_commits", way(dice).split()[0] + " postgres", dice.randrange(1, 4)),
    lambda dice: ("restart_redis", dice.choice([0, 1])),
    lambda dice: ("flush_redis",),
    lambda dice: ("stall_redis", dice.choice([0.5, 3])),
    lambda dice: ("fill_redis", dice.choice([0.5, 2])),
    lambda dice: ("restart_postgres", dice.choice([0, 1])),
    lambda dice: ("crash_postgres", dice.choice([0, 1])),
    lambda dice: ("end_sessions",),
    lambda dice: ("refuse_merges", dice.choice(["53100", "40001"]), dice.randrange(1, 5)),
    lambda dice: ("step_clock", dice.choice(ALIVE), dice.choice([-3600, 3600])),
    *[metas_fault] * 3,
]


def steps(seed):
    """Without end."""
    dice = random.Random(seed)
    while True:
        yield (round(dice.uniform(0, 1.5), 2), *dice.choice(KINDS)(dice))


def held(member):
    """Resident kilobytes, open descriptors."""
    with open(f"/proc/{member.process.pid}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    return resident, len(os.listdir(f"/proc/{member.process.pid}/fd"))


def assert_flat(name, looks):
    """Between the second quarter of the time and the last one."""
    part = len(looks) // 4
    early, late = ([min(values) for values in zip(*of, strict=True)] for of in (looks[part:2 * part], looks[-part:]))
    means = [statistics.mean(memory for memory, _ in of) for of in (looks[part:2 * part], looks[-part:])]
    print(f"{name}: least {early[0]} kB, then {late[0]} kB; on average {means[0]:.0f}, then {means[1]:.0f}; "
          f"{early[1]} descriptors, then {late[1]}; {len(looks)} looks", flush=True)
    assert late[0] <= early[0] * MEMORY_MORE + MEMORY_MORE_KB, f"{name}: {early[0]} kB early, {late[0]} kB late"
    assert late[1] <= early[1] + FILES_MORE, f"{name}: {early[1]} descriptors early, {late[1]} late"


@pytest.mark.parametrize("seed", SEEDS[:1] if ALL else SEEDS)
def test_any_mix_of_faults_leaves_the_same_tables(make_rig, undisturbed, seed):
    say_seed(seed)
    rig = make_rig(META_TIMEOUT_SECONDS=2)
    connection = rig.connect()
    rig.start_members(workers=4, schedulers=3)
    pids = {name: rig.members[name].process.pid for name in SURVIVORS}
    looks = {name: [] for name in SURVIVORS}
    end = time.monotonic() + SECONDS
    run = rig.begin(connection)
    for step in steps(seed):
        if time.monotonic() > end:
            break
        if rig.status(run) not in ("queued", "running"):
            run = rig.begin(connection, "--force")
        rig.revive()
        perform(rig, [step])
        for name in SURVIVORS:
            looks[name].append(held(rig.members[name]))
    rig.fault(clear=True)
    rig.heal()
    rig.revive()
    for run in rig.runs:
        rig.await_end(run, LONGEST_DELAY + 100)
    check(rig, [connection], undisturbed() * len(rig.runs))
    assert {name: rig.members[name].process.pid for name in SURVIVORS} == pids
    print(f"{len(rig.runs)} runs", flush=True)
    for name in SURVIVORS if SECONDS >= MEASURED_FROM else []:
        assert_flat(name, looks[name])
