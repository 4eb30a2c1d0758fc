"""The servers of the integration tests, and systems whose ways to them can be cut.

make_rig      make_rig(sandbox=(options…), SETTING=value…): see rig.py; stopped at the end
undisturbed   undisturbed(SETTING=value…): how many calls one backfill costs when nothing happens to it
seeds         of the random scenarios: METRICX_FAULT_SEED=1,2 or METRICX_SEED; METRICX_FAULTS=all adds the long scenarios"""
import os
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from servers import *  # noqa: E402, F403
from servers import Database  # noqa: E402
from rig import Rig  # noqa: E402


@pytest.fixture
def make_rig(database, redis_server, postgres, build, tmp_path):
    made = []

    def make(sandbox=(), redis=redis_server, **settings):
        made.append(Rig(tmp_path, build, database, postgres, redis, sandbox, **settings))
        return made[-1]

    yield make
    for rig in made:
        rig.stop()


@pytest.fixture(scope="session")
def undisturbed(postgres, redis_process, build, tmp_path_factory):
    counted = {}

    def count(**settings):
        key = tuple(sorted(settings.items()))
        if key not in counted:
            database = Database(postgres, f"u{time.time_ns()}")
            redis_process.client().flushall()
            rig = Rig(tmp_path_factory.mktemp("undisturbed"), build, database, postgres, redis_process, (),
                      **{**settings, "META_CALLS_PER_WINDOW": 5000})
            try:
                rig.start_members(workers=1, schedulers=1)
                assert rig.await_end(rig.begin(rig.connect())) == "succeeded"
                counted[key] = rig.calls_so_far()["total"]
            finally:
                rig.stop()
            database.drop()
            redis_process.client().flushall()
        return counted[key]

    return count
