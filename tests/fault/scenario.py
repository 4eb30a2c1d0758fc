"""Scenarios are data: a list of steps (when, what, *arguments).

    when   seconds after the step before, or ("insights", n): when so many such calls were made
    what   a method of the rig: ("restart", "worker0")

play() syncs one account while the steps happen, and checks the invariants at the end."""
import os
import random
import time

from invariants import check

ALL = os.environ.get("METRICX_FAULTS") == "all"  # the long ones too
# Of the random scenarios; the name of a test that fails contains its own.
SEEDS = [int(s) for s in os.environ.get("METRICX_FAULT_SEED", "").split(",") if s]
if not SEEDS:
    first = int(os.environ.get("METRICX_SEED", "1"))
    SEEDS = list(range(first, first + (20 if ALL else 1)))
WORKERS, SCHEDULERS = ["worker0", "worker1", "worker2"], ["scheduler0", "scheduler1"]


def say_seed(seed):
    print(f"METRICX_FAULT_SEED={seed} repeats these steps", flush=True)


def random_kills(seed, n):
    """kill -9 of somebody, mostly of workers; each is started again at once."""
    dice = random.Random(seed)
    return [(round(dice.uniform(0.05, 0.5), 2), "restart", dice.choice(WORKERS * 2 + SCHEDULERS)) for _ in range(n)]


def perform(rig, steps):
    for when, what, *arguments in steps:
        if isinstance(when, tuple):
            rig.await_calls(*when)
        else:
            time.sleep(when)
        print(f"{time.strftime('%H:%M:%S')} {what} {arguments}", flush=True)
        getattr(rig, what)(*arguments)


def play(rig, steps, undisturbed, endless=False, **expected):
    """endless: a run that ends before the steps do is followed by another one."""
    connection = rig.connect()
    rig.start_members()
    run = rig.begin(connection)
    for step in steps:
        if endless and rig.status(run) not in ("queued", "running"):
            run = rig.begin(connection, "--force")
        perform(rig, [step])
    rig.await_end(run)
    check(rig, [connection], undisturbed * len(rig.runs), **expected)
    return connection
