"""One running system for all tests of the API: sandbox, scheduler, worker, API.

system       see system.py; its api is the daemon, its url where it listens
workspace    a fresh workspace
connection   a fresh connection in a workspace of its own, of an ad account that no other test uses; place: see below
client       client(workspace…, role="admin"): see client.py; its session is closed at the end"""
import contextlib
import pathlib
import random
import re
import socket
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from servers import *  # noqa: E402, F403
from servers import Database  # noqa: E402
from system import System, wait_for  # noqa: E402
from client import APP_ID, APP_SECRET, SECRET, Client, claims, jwt  # noqa: E402


def url_of(daemon):
    port = wait_for("the port of the API", lambda: re.search(r'"the API is served".* port=(\d+)', daemon.log()))[1]
    return f"http://127.0.0.1:{port}"


def quiet_port():
    """One that the kernel gives to nobody who asks for any: PUBLIC_URL has to be known before the API listens."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


@pytest.fixture(scope="session")
def system(postgres, migrated, redis_process, build, tmp_path_factory):
    database = Database(postgres, f"api{time.time_ns()}", migrated.name)
    listen = f"127.0.0.1:{quiet_port()}"
    system = System(tmp_path_factory.mktemp("api"), build, database.url, redis_process.url,
                    ("--accounts", "80", "--app-id", APP_ID, "--app-secret", APP_SECRET),
                    JWT_SECRET=SECRET, LISTEN="127.0.0.1:0", PUBLIC_URL=f"http://{listen}", QUEUE_PREFIX="{api}",
                    META_CALLS_PER_WINDOW=10000, META_APP_ID=APP_ID, META_APP_SECRET=APP_SECRET)
    system.scheduler()
    system.worker()
    system.api = system.start("metricx-api", LISTEN=listen)
    system.url = url_of(system.api)
    yield system
    system.stop()
    database.drop()


@pytest.fixture
def workspace(system):
    return system.metricx("workspace", "create", "test")


@pytest.fixture(scope="session")
def accounts():
    """Ad accounts that no other test uses."""
    return (f"act_{1001 + n}" for n in range(79))


@pytest.fixture
def connection(system, accounts):
    return system.connect(account=next(accounts))


@pytest.fixture
def place(system, connection):
    """The workspace of connection, and the path of connection."""
    workspace = system.query("SELECT workspace_id FROM connections WHERE id = %s", connection)[0][0]
    return workspace, f"/workspaces/{workspace}/connections/{connection}"


@pytest.fixture
def client(system):
    made = []

    def make(*workspaces, role="admin", **more):
        made.append(Client(system.url, jwt(claims(list(workspaces), role, **more))))
        return made[-1]

    yield make
    for one in made:
        one.session.close()
