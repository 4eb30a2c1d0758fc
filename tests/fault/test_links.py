"""The ways between daemons and servers are cut, slow, and half open; alone and in random mixtures."""
import random

import pytest
from rig import LEASE_SECONDS
from scenario import ALL, SCHEDULERS, SEEDS, WORKERS, play, say_seed

BACKFILL = ("insights", 8)
LATE = 3 * LEASE_SECONDS
SCENARIOS = {
    "cut": [(BACKFILL, "cut", "worker0 postgres"), (0, "cut", "worker1 redis"), (0, "cut", "worker2 sandbox"),
            (0, "cut", "scheduler0 postgres"), (0, "cut", "scheduler1 redis"), (LATE, "heal")],
    "half open": [(BACKFILL, "freeze", "worker0 postgres"), (0, "freeze", "worker1 redis"), (0, "freeze", "worker2 sandbox"),
                  (0, "freeze", "scheduler0 postgres"), (0, "freeze", "scheduler1 redis"), (LATE, "heal")],
}
ALONE = {
    "cut between a worker and PostgreSQL": [(BACKFILL, "cut", "worker0 postgres"), (LATE, "heal")],
    "cut between a worker and Redis": [(BACKFILL, "cut", "worker0 redis"), (LATE, "heal")],
    "cut between the workers and Meta": [(BACKFILL, "cut", "workers sandbox"), (2, "heal")],
    "cut between the schedulers and both": [
        (("entities", 1), "cut", "schedulers postgres"), (1, "cut", "schedulers redis"), (2, "heal")],
    "half open between a worker and PostgreSQL": [(BACKFILL, "freeze", "worker0 postgres"), (LATE, "heal")],
    "half open between a worker and Redis": [(BACKFILL, "freeze", "worker0 redis"), (LATE, "heal")],
    "half open between the workers and Meta": [(BACKFILL, "freeze", "workers sandbox"), (4, "heal")],
    "half open between a scheduler and both": [
        (("entities", 1), "freeze", "scheduler0 postgres"), (0, "freeze", "scheduler0 redis"), (LATE, "heal")],
    "slow": [(BACKFILL, "slow", "worker0 postgres", 0.2), (0, "slow", "worker1 redis", 0.2), (0, "slow", "worker2 sandbox", 0.5),
             (0, "slow", "scheduler0 postgres", 0.2), (4, "heal")],
}
if ALL:
    SCENARIOS |= ALONE


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_way_is(make_rig, undisturbed, name):
    play(make_rig(META_TIMEOUT_SECONDS=2), SCENARIOS[name], undisturbed())


def at_random(seed, n):
    """One way after the other."""
    dice, steps = random.Random(seed), []
    for _ in range(n):
        name = f"{dice.choice(WORKERS + SCHEDULERS + ['workers'])} {dice.choice(['postgres', 'redis', 'sandbox'])}"
        what = dice.choice([("cut", name), ("freeze", name), ("slow", name, 0.1), ("lose_commits", name, 1)])
        steps += [(round(dice.uniform(0, 1), 2), *what), (round(dice.uniform(0.1, 3), 2), "heal")]
    return steps


@pytest.mark.parametrize("seed", SEEDS)
def test_ways_at_random(make_rig, undisturbed, seed):
    say_seed(seed)
    play(make_rig(META_TIMEOUT_SECONDS=2), at_random(seed, 8), undisturbed(), endless=True)
