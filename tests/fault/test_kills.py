"""Workers and schedulers are killed, stalled and stopped in mid-backfill."""
import os
import random

import pytest
from scenario import WORKERS, play, random_kills

LONG = os.environ.get("METRICX_FAULTS") == "all"
SEED = int(os.environ.get("METRICX_FAULT_SEED", os.environ.get("METRICX_SEED", random.randrange(1 << 16))))


@pytest.mark.parametrize("seed", range(SEED, SEED + (20 if LONG else 1)))
def test_kills_at_random_moments(make_rig, undisturbed, seed):
    play(make_rig(), random_kills(seed, 50), undisturbed(), endless=True)
