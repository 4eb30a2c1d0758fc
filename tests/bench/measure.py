"""What every part needs: servers of its own, C code to be timed, and the table it writes into.

place.postgres, place.redis   servers of our own; PostgreSQL with its defaults (fsync on), unlike the one of the tests
place.database()              a fresh database with the schema
place.system(options, …)      sandbox and settings, see tests/integration/system.py; stopped at the end
place.driver(command, …)      bench_driver's answer as a dictionary of numbers
"""
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

import conftest  # noqa: E402
from system import System  # noqa: E402


class Postgres(conftest.Postgres):
    def command(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
                    "max_connections": 200, "lc_messages": "C"}
        return [self.binaries / "postgres", "-D", self.data, *(f"-c{key}={value}" for key, value in settings.items())]


class Table:
    """One line a figure, written when it is known; several values give their median and range."""

    def head(self, title):
        print(f"\n{title}\n{'':2}{'figure':<62}{'median':>12} {'unit':<10}{'min – max':<24}rounds", flush=True)

    def row(self, figure, values, unit):
        values = values if isinstance(values, list) else [values]
        spread = f"{shown(min(values))} – {shown(max(values))}" if len(values) > 1 else ""
        print(f"  {figure:<62}{shown(statistics.median(values)):>12} {unit:<10}{spread:<24}{len(values)}", flush=True)

    def note(self, text):
        print(f"  {text}", flush=True)


def shown(value):
    """Three or four digits that mean something."""
    if isinstance(value, int) or abs(value) >= 1000 or value == int(value):
        return f"{round(value):,}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


class Place:
    def __init__(self, stack):
        self.build = pathlib.Path(os.environ.get("METRICX_BUILD", "build/release"))
        self.build = self.build if self.build.is_absolute() else ROOT / self.build
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="metricx-bench-")))
        self.postgres = stack.enter_context(contextlib.contextmanager(conftest.running)(Postgres))
        self.redis = stack.enter_context(contextlib.contextmanager(conftest.running)(conftest.Redis))

    @contextlib.contextmanager
    def database(self, migrated=True):
        database = conftest.Database(self.postgres, f"b{time.time_ns()}")
        try:
            for migration in sorted((ROOT / "migrations").glob("*.sql")) if migrated else []:
                database.execute(migration.read_text().replace("%", "%%"), None)
            yield database
        finally:
            database.drop()

    @contextlib.contextmanager
    def system(self, sandbox=(), **settings):
        self.redis.client().flushall()
        with self.database(migrated=False) as database, tempfile.TemporaryDirectory(dir=self.folder) as folder:
            system = System(folder, self.build, database.url, self.redis.url, sandbox, **settings)
            try:
                yield system
            finally:
                system.stop()

    def driver(self, command, *args):
        done = subprocess.run([self.build / "bin/bench_driver", command, *map(str, args)], capture_output=True, text=True,
                              timeout=300, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"bench_driver {command}: {done.stderr.strip() or done.returncode}")
        return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


@contextlib.contextmanager
def place():
    with contextlib.ExitStack() as stack:
        yield Place(stack)
