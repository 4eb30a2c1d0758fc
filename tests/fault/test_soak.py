"""Guarantee 1: whatever mix of faults, the tables are those of an undisturbed sync, and the budget holds. And whoever lives
through it holds no more memory and descriptors at its end than early in it.

Not in the mix is what rightly leaves other tables or waits for long, and has tests of its own: a poison job, rows that Meta loses
twice, forbidden fields, a dead version of the API, ranges that are too much data and so become many, or reports.

Ten minutes with METRICX_FAULTS=all, else some seconds; METRICX_FAULT_SECONDS says otherwise."""
import contextlib
import itertools
import os
import pathlib
import random
import re
import statistics
import time

import pytest
from invariants import check
from rig import CONCURRENCY
from scenario import ALL, SCHEDULERS, SEEDS, WORKERS, perform, say_seed
from system import ACCOUNT
from test_provider import FAULTS, PAGES
from test_throttling import MINUTE, OF_ACCOUNTS, OF_THE_APP

SECONDS = float(os.environ.get("METRICX_FAULT_SECONDS", "600" if ALL else "15"))
LONGEST_DELAY = 300  # of a slice that failed again and again
MEASURED_FROM = 300  # seconds; below, what is held is still growing into its size
SMALLER = 4  # a page that is too much becomes so many
# They are stalled and cut off like the others, and never end.
SURVIVORS = ["worker3", "scheduler2"]
UNREAD = "worker4"  # nobody reads its log
ALIVE = WORKERS + SCHEDULERS + SURVIVORS + [UNREAD]
# Of what was held early on, the least of many looks each: a leak lifts it.
MEMORY_MORE, MEMORY_MORE_KB, FILES_MORE = 1.1, 1024, 2
# Of connections there are as many as the work of the moment takes, at most: a call each of its jobs and of who asks for access.
CONNECTIONS = {"postgres": 4, "redis": 2, "sandbox": CONCURRENCY + 1}


def way(dice):
    return f"{dice.choice(ALIVE + ['workers'])} {dice.choice(['postgres', 'redis', 'sandbox'])}"


def metas_fault(dice):
    fault = FAULTS[dice.choice(sorted(FAULTS))]
    match = dice.choice(["insights", "insights", "entities"])
    return ("metas_fault", {"match": match, "skip": dice.randrange(5), "count": dice.randrange(1, 4), **fault},
            PAGES * SMALLER if fault.get("code") == 2642 else 0)  # the slice starts again


TOLD = [(ACCOUNT, what) for what, (_, most) in OF_ACCOUNTS.values() if most < 5]
# These stop all work for a minute: one of them, once, and before it is looked at what is held. At Meta they are over before.
UNTOLD_AT = 40  # th step; the short ones end before
UNTOLD = [(ACCOUNT, {**what, "ms": 9000}) for what, wait in OF_ACCOUNTS.values() if wait == MINUTE] + [(None, OF_THE_APP[0][0])]


LOSSES = [("account", {"access": False}), ("token", {"ads_read": False}),
          *[("token", {"state": state}) for state in ("expired", "revoked", "password_changed")]]

KINDS = [
    *[lambda dice: ("restart", dice.choice(WORKERS))] * 3,
    lambda dice: ("restart", dice.choice(SCHEDULERS)),
    lambda dice: ("crash", dice.choice(WORKERS + SCHEDULERS)),
    lambda dice: ("end", dice.choice(WORKERS + SCHEDULERS)),
    *[lambda dice: ("stall_for", dice.choice(ALIVE), dice.choice([0.5, 3.5]))] * 2,
    *[lambda dice: ("cut", way(dice))] * 2,
    *[lambda dice: ("freeze", way(dice))] * 2,
    lambda dice: ("mute", way(dice)),
    lambda dice: ("slow", way(dice), 0.1),
    lambda dice: ("lose_commits", way(dice).split()[0] + " postgres", dice.randrange(1, 4)),
    lambda dice: ("restart_redis", dice.choice([0, 1])),
    lambda dice: ("crash_redis",),
    lambda dice: ("change_over",),
    lambda dice: ("lose_redis", dice.choice([0, 1])),
    lambda dice: ("flush_redis",),
    lambda dice: ("stall_redis", dice.choice([0.5, 3])),
    lambda dice: ("fill_redis", dice.choice([0.5, 2])),
    lambda dice: ("restart_postgres", dice.choice([0, 1])),
    lambda dice: ("crash_postgres", dice.choice([0, 1])),
    lambda dice: ("end_sessions",),
    lambda dice: ("refuse_merges", dice.choice(["53100", "40001"]), dice.randrange(1, 5)),
    lambda dice: ("step_clock", dice.choice(ALIVE), dice.choice([-3600, 3600])),
    lambda dice: ("step_clock", dice.choice(["redis", "postgres"]), -5),
    lambda dice: ("exchange", dice.choice(WORKERS + SCHEDULERS)),
    lambda dice: ("migrate_on",),
    *[metas_fault] * 4,
    *[lambda dice: ("throttle", *dice.choice(TOLD))] * 2,
    *[lambda dice: ("lose_access", *dice.choice(LOSSES))] * 2,
    lambda dice: ("give_token",),
    *[lambda dice: ("too_much", 50, dice.choice([True, False]))] * 2,
    lambda dice: ("hold",),
]
# What ends that which lasts, some steps later.
ENDS = {"cut": "heal", "freeze": "heal", "mute": "heal", "slow": "heal", "lose_access": "allow", "hold": "allow",
        "too_much": "enough"}


def steps(seed):
    """Without end."""
    dice, ends = random.Random(seed), []
    for n in itertools.count():
        step = dice.choice(KINDS)(dice) if n != UNTOLD_AT else ("throttle", *dice.choice(UNTOLD))
        if step[0] in ENDS:
            ends.append((n + dice.randrange(1, 7), ENDS[step[0]]))
        for step in [step, *((end,) for when, end in ends if when == n)]:
            yield (round(dice.uniform(0, 1.5), 2), *step)


def held(member):
    """Resident kilobytes, descriptors, and what of these are connections to each of the servers."""
    folder, files = pathlib.Path("/proc", str(member.process.pid)), []
    resident = int(re.search(r"^VmRSS:\s*(\d+)", (folder / "status").read_text(), re.M)[1])
    for file in (folder / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            files.append(str(file.readlink()))
    sockets = [line.split() for line in (folder / "net" / "tcp").read_text().splitlines()]
    to = {kind: sum(row[2].endswith(f":{member.links[kind].port:04X}") and f"socket:[{row[9]}]" in files for row in sockets)
          for kind in CONNECTIONS}
    return resident, len(files) - sum(to.values()), *(to[kind] for kind in CONNECTIONS)


def assert_flat(name, looks):
    """Between the second quarter of the time and the last one."""
    part = len(looks) // 4
    early, late = ([min(values) for values in zip(*of, strict=True)] for of in (looks[part:2 * part], looks[-part:]))
    means = [statistics.mean(look[0] for look in of) for of in (looks[part:2 * part], looks[-part:])]
    print(f"{name}: least {early[0]} kB, then {late[0]} kB; on average {means[0]:.0f}, then {means[1]:.0f}; "
          f"{early[1]} descriptors, then {late[1]}; {late[2:]} connections; {len(looks)} looks", flush=True)
    assert late[0] <= early[0] * MEMORY_MORE + MEMORY_MORE_KB, f"{name}: {early[0]} kB early, {late[0]} kB late"
    assert late[1] <= early[1] + FILES_MORE, f"{name}: {early[1]} descriptors early, {late[1]} late"
    assert all(held <= most for held, most in zip(late[2:], CONNECTIONS.values())), f"{name}: {late[2:]} connections late"


@pytest.mark.parametrize("seed", SEEDS[:1] if ALL else SEEDS)
def test_any_mix_of_faults_leaves_the_same_tables(make_rig, durable_redis, second_redis, undisturbed, later, full_pipe, seed):
    say_seed(seed)
    rig = make_rig(redis=durable_redis, sandbox=("--limit-speed", "60"), META_TIMEOUT_SECONDS=2)
    rig.later, rig.spare = later, second_redis
    connection = rig.connect()
    rig.start_members(workers=4, schedulers=3)
    rig.add(UNREAD, stderr=full_pipe, LOG_LEVEL="debug")
    pids = {name: rig.members[name].process.pid for name in SURVIVORS}
    looks = {name: [] for name in SURVIVORS}
    end = time.monotonic() + SECONDS
    throttled = 0
    for step in steps(seed):
        if time.monotonic() > end:
            break
        rig.goes_on()
        rig.revive()
        perform(rig, [step])
        throttled += step[1] == "throttle"
        for name in SURVIVORS:
            looks[name].append(held(rig.members[name]))
    rig.mend()
    rig.await_rest(LONGEST_DELAY + 100)
    rig.count_small_pages()
    [runs] = rig.query("SELECT count(*), count(*) FILTER (WHERE trigger = 'connect') FROM sync_runs")
    first, both = undisturbed(), undisturbed((), ("--force",))
    check(rig, [connection], first + (both - first) * (runs[0] - 1), blocks=throttled)
    assert {name: rig.members[name].process.pid for name in SURVIVORS} == pids
    print(f"{runs[0]} runs, {runs[1]} of them because access was back; {throttled} blocks; {rig.calls_so_far()['total']} calls, "
          f"undisturbed {first} and {both - first} each later one, {rig.vain} in vain", flush=True)
    for name in SURVIVORS if SECONDS >= MEASURED_FROM else []:
        assert_flat(name, looks[name])
