"""The servers of the integration tests, and systems whose ways to them can be cut.

make_rig      make_rig(sandbox=(options…), SETTING=value…): see rig.py; stopped at the end
undisturbed   undisturbed((argument…)…, SETTING=value…): how many calls these syncs cost when nothing happens; none named: one
              backfill
durable_redis what restarts and crashes of it leave on disk is there again; second_redis is such a one too
later         a folder with the daemons of a later release, of the version later_version; this one's is version
full_pipe     a log that nobody reads
METRICX_FAULT_SEED=1,2 repeats random scenarios (METRICX_SEED otherwise); METRICX_FAULTS=all runs the long ones."""
import fcntl
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from servers import *  # noqa: E402, F403
from servers import Database, running  # noqa: E402
from clock import SteppedPostgres, SteppedRedis  # noqa: E402
from rig import Rig  # noqa: E402


@pytest.fixture(scope="session")
def server_kinds():
    return SteppedPostgres, SteppedRedis


@pytest.fixture(scope="session")
def template(migrated):
    return migrated.name


@pytest.fixture
def make_rig(database, redis_server, postgres, build, tmp_path):
    made = []

    def make(sandbox=(), redis=redis_server, **settings):
        made.append(Rig(tmp_path, build, database, postgres, redis, sandbox, **settings))
        return made[-1]

    yield make
    for rig in made:
        rig.stop()
    for server in (postgres, redis_server):
        server.clock.set_right()


@pytest.fixture(scope="session")
def undisturbed(postgres, migrated, redis_process, build, tmp_path_factory):
    counted = {}

    def measure(runs, settings):
        """Beside a scenario, whose daemons may still run: keys and database are of its own."""
        database = Database(postgres, f"u{time.time_ns()}", migrated.name)
        rig = Rig(tmp_path_factory.mktemp("undisturbed"), build, database, postgres, redis_process, ("--latency-ms", "0"),
                  **{**settings, "META_CALLS_PER_WINDOW": 5000, "QUEUE_PREFIX": "{undisturbed}"})
        try:
            rig.start_members(workers=1, schedulers=1)
            connection = rig.connect()
            for run in runs:
                assert rig.await_end(rig.begin(connection, *run)) == "succeeded"
            return rig.calls_so_far()["total"]
        finally:
            rig.stop()
            database.drop()

    def count(*runs, **settings):
        key = (runs, tuple(sorted(settings.items())))
        if key not in counted:
            counted[key] = measure(runs or [()], settings)
        return counted[key]

    return count


class DurableRedis(SteppedRedis):
    def command(self):
        return [*super().command(), "--appendonly", "yes", "--appendfsync", "everysec"]


@pytest.fixture
def durable_redis():
    yield from running(DurableRedis)


@pytest.fixture
def second_redis():
    yield from running(DurableRedis)


@pytest.fixture(scope="session")
def version(build):
    return subprocess.run([build / "bin" / "metricx", "--version"], capture_output=True, check=True, text=True).stdout.split()[1]


@pytest.fixture(scope="session")
def later_version(version):
    return "9" + version[1:]


@pytest.fixture
def later(build, version, later_version, tmp_path):
    """A folder with the daemons of a later release."""
    folder = tmp_path / "later"
    folder.mkdir()
    old, new = (f"{text}\0".encode() for text in (version, later_version))
    for name in ("metricx-worker", "metricx-scheduler"):
        program = (build / "bin" / name).read_bytes()
        assert old in program
        (folder / name).write_bytes(program.replace(old, new))
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def full_pipe():
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    yield write
    os.close(read)
    os.close(write)
