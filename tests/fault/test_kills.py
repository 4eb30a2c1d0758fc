"""Workers and schedulers are killed, stalled and stopped in mid-backfill."""
import pytest
from scenario import SEEDS, play, random_kills

KILLS = 50


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_at_random_moments(make_rig, undisturbed, seed):
    play(make_rig(), random_kills(seed, KILLS), undisturbed(), endless=True)


SCENARIOS = {
    "a worker stands still": [(("insights", 8), "stall_for", "worker0", 6), (0, "stall_for", "worker1", 6)],
    "the planner stands still": [(("entities", 1), "stall", "scheduler0"), (0, "stall_for", "scheduler1", 6), (0, "resume", "scheduler0")],
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_stalls(make_rig, undisturbed, name):
    play(make_rig(), SCENARIOS[name], undisturbed())
