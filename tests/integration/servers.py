"""Private servers for the tests: a PostgreSQL and a Redis of our own, on free loopback ports and Unix sockets below a
temporary folder. Nothing of the machine's own servers is touched.

    def test_x(database, redis_server, program): ...

database      a fresh, empty database; .url, .query(sql, ...), .execute(sql, ...)
postgres      the PostgreSQL server: .stop(), .start(), .restart(), .crash(), .url(name)
redis_server  the Redis server, empty: .url, .unix_url, .client(), .stop(), .start(), .restart(), .pause(), .resume()
build         the build folder: METRICX_BUILD or build/debug
environment   what our programs need to find both servers
program       runs a program of the build folder and checks its exit code
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg2
import pytest
import redis
from system import System

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(true, what, process=None):
    """Polls until true() holds; a dead process ends the waiting."""
    end = time.monotonic() + START_SECONDS
    while not true():
        if process and process.poll() is not None:
            raise RuntimeError(f"{what}: ended with {process.returncode}")
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {START_SECONDS} seconds")
        time.sleep(0.02)


class Server:
    """A process that dies with us and is ended by its id."""

    stop_signal = signal.SIGTERM
    environment = {}  # beside ours

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.process = None
        self.log = open(folder / "log", "ab")

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        command = ["setpriv", "--pdeathsig", "KILL", *self.identity(), *self.command()]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder,
                                        env={**os.environ, **self.environment})
        wait_until(self.answers, type(self).__name__, self.process)

    def stop(self, how=None):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how or self.stop_signal)
            self.process.wait(START_SECONDS)
        self.process = None

    def restart(self):
        self.stop()
        self.start()

    def identity(self):
        return []


class Postgres(Server):
    stop_signal = signal.SIGINT  # fast: open sessions are ended

    def __init__(self, folder):
        super().__init__(folder)
        folder.chmod(0o755)
        self.binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.data = folder / "data"
        self.data.mkdir()
        if os.geteuid() == 0:  # PostgreSQL refuses root
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            ["setpriv", *self.identity(), self.binaries / "initdb", "--pgdata", self.data, "--username", "postgres",
             "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
            check=True, stdout=self.log, stderr=self.log, cwd=folder)
        rules = (self.data / "pg_hba.conf").read_text()
        # One role that needs a password, to see how a refusal looks.
        (self.data / "pg_hba.conf").write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules)

    def identity(self):
        return ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
            "fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": 200,
            "shared_buffers": "32MB", "timezone": "Asia/Kolkata", "lc_messages": "C",
        }
        return [self.binaries / "postgres", "-D", self.data, *(f"-c{key}={value}" for key, value in settings.items())]

    def url(self, name="postgres"):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def answers(self):
        try:
            psycopg2.connect(self.url(), connect_timeout=5).close()
            return True
        except psycopg2.OperationalError:
            return False

    def crash(self):
        """As after a power cut: no shutdown checkpoint, UNLOGGED tables are empty afterwards."""
        self.stop(signal.SIGQUIT)

    def connect(self, name="postgres"):
        connection = psycopg2.connect(self.url(name))
        connection.autocommit = True
        return connection


class Database:
    def __init__(self, server, name, template="template1"):
        self.server = server
        self.name = name
        self.url = server.url(name)
        with contextlib.closing(server.connect()) as connection:
            connection.cursor().execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def query(self, sql, *params):
        """Rows of one statement, committed at once."""
        with contextlib.closing(self.server.connect(self.name)) as connection:
            cursor = connection.cursor()
            cursor.execute(sql, params or None)
            return cursor.fetchall() if cursor.description else []

    execute = query

    def drop(self):
        with contextlib.closing(self.server.connect()) as connection:
            connection.cursor().execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class Redis(Server):
    def __init__(self, folder):
        super().__init__(folder)
        self.socket = folder / "redis.sock"
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.unix_url = f"unix://{self.socket}?db=0"

    def command(self):
        return ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", str(self.socket),
                "--dir", str(self.folder), "--save", "", "--appendonly", "no"]

    def client(self):
        return redis.Redis(port=self.port, decode_responses=True)

    def answers(self):
        try:
            return self.client().ping()
        except redis.ConnectionError:
            return False

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)


def running(kind):
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"metricx-{kind.__name__.lower()}-"))
    server = kind(folder)
    try:
        server.start()
        yield server
    finally:
        if isinstance(server, Redis) and server.process:
            server.resume()
        server.stop()
        server.log.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_kinds():
    return Postgres, Redis


@pytest.fixture(scope="session")
def postgres(server_kinds):
    yield from running(server_kinds[0])


@pytest.fixture(scope="session")
def redis_process(server_kinds):
    yield from running(server_kinds[1])


@pytest.fixture
def redis_server(redis_process):
    redis_process.client().flushall()
    return redis_process


@pytest.fixture(scope="session")
def template():
    """What each database is a copy of."""
    return "template1"


@pytest.fixture
def database(postgres, template):
    database = Database(postgres, f"t{time.time_ns()}", template)
    yield database
    if postgres.process is None:
        postgres.start()
    database.drop()


@pytest.fixture(scope="session")
def migrated(postgres, build):
    """A database with our schema and nothing in it, to be copied."""
    database = Database(postgres, "migrated")
    subprocess.run([build / "bin" / "metricx", "migrate"], env={"DATABASE_URL": database.url}, check=True, capture_output=True)
    return database


def build_folder():
    folder = pathlib.Path(os.environ.get("METRICX_BUILD", "build/debug"))
    return folder if folder.is_absolute() else ROOT / folder


@pytest.fixture(scope="session")
def build():
    return build_folder()


@pytest.fixture
def environment(database, redis_server):
    """Of our programs: only these settings, nothing from the caller's."""
    return {"PATH": os.environ["PATH"], "DATABASE_URL": database.url, "REDIS_URL": redis_server.url,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""), "UBSAN_OPTIONS": "print_stacktrace=1"}


@pytest.fixture
def program(build, environment):
    """program("metricx", "migrate", code=0, **settings): runs bin/metricx; the finished process with its output."""

    def run(name, *args, code=0, **settings):
        done = subprocess.run([build / "bin" / name, *args], env=environment | settings, capture_output=True, text=True,
                              timeout=300, check=False)
        assert done.returncode == code, f"{name} {args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def make_system(database, redis_server, build, tmp_path):
    """make_system(sandbox=(options…), SETTING=value…): the whole system, stopped at the end; see system.py."""
    made = []

    def make(sandbox=(), **settings):
        made.append(System(tmp_path, build, database.url, redis_server.url, sandbox, **settings))
        return made[-1]

    yield make
    for system in made:
        system.stop()
