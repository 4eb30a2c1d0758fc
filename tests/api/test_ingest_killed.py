"""An ingest of 10,000 facts whose API is killed, or whose connection to PostgreSQL ends: all of it is stored or none, placeholders and
the connection that is made for them included."""
import concurrent.futures
import os
import random
import time

import psycopg2
import pytest
import requests
from client import Client, claims, jwt
from conftest import url_of
from system import wait_for

COUNT = 10000
FACTS = [{"external_entity_id": f"ad-{n}", "provider": "meta", "level": "ad", "event_date": "2026-10-01", "currency": "EUR", "clicks": n}
         for n in range(COUNT)]
ROUNDS = 200 if os.environ.get("METRICX_FAULTS") == "all" else 6


class Sent:
    """An ingest on its way through an API of its own."""

    def __init__(self, system, workspace, pool):
        self.system, self.workspace = system, workspace
        self.daemon = system.start("metricx-api", LISTEN="127.0.0.1:0")
        client = Client(url_of(self.daemon), jwt(claims([workspace], "admin")))
        self.begun = time.monotonic()
        self.answer = pool.submit(client.call, "POST", f"/workspaces/{workspace}/metrics/ingest", json=FACTS)

    def waits_for(self, locktype):
        """The PostgreSQL process in which it does."""
        (pid,), = wait_for("its waiting", lambda: self.system.query(
            "SELECT pid FROM pg_stat_activity a WHERE application_name = 'metricx-api' AND EXISTS"
            " (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = %s AND NOT l.granted)", locktype))
        return pid

    def kill(self):
        self.daemon.kill()
        with pytest.raises(requests.exceptions.ConnectionError):
            self.answer.result()

    def stored(self):
        """What there is when it has ended."""
        wait_for("its end", lambda: self.system.query("SELECT pg_try_advisory_lock(hashtextextended('metricx ingest ' || %s, 0))",
                                                      self.workspace)[0][0])
        self.system.query("SELECT pg_advisory_unlock(hashtextextended('metricx ingest ' || %s, 0))", self.workspace)
        return tuple(self.system.query(f"SELECT count(*) FROM {table} WHERE workspace_id = %s", self.workspace)[0][0]
                     for table in ("metric_facts", "entities", "connections"))


ALL, NONE = (COUNT, COUNT, 1), (0, 0, 0)


@pytest.fixture
def sent(system, workspace):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield lambda workspace=workspace: Sent(system, workspace, pool)


@pytest.fixture
def blocker(system):
    with psycopg2.connect(system.database_url) as connection:
        yield connection
        connection.rollback()


def test_killed_before_anything_is_written(system, workspace, sent, blocker):
    blocker.cursor().execute("SELECT pg_advisory_xact_lock(hashtextextended('metricx ingest ' || %s, 0))", (workspace,))
    one = sent()
    one.waits_for("advisory")
    one.kill()
    blocker.rollback()
    assert one.stored() == NONE


def test_killed_between_placeholders_and_facts(sent, blocker):
    """By then PostgreSQL has the whole, and ends it without anybody to answer to."""
    blocker.cursor().execute("LOCK TABLE metric_facts IN SHARE MODE")
    one = sent()
    one.waits_for("relation")
    one.kill()
    blocker.rollback()
    assert one.stored() == ALL


def test_its_connection_to_postgresql_ends_between_placeholders_and_facts(system, sent, blocker):
    blocker.cursor().execute("LOCK TABLE metric_facts IN SHARE MODE")
    one = sent()
    system.query("SELECT pg_terminate_backend(%s)", one.waits_for("relation"))
    assert one.answer.result().json()["code"] == "database_away" and one.answer.result().status_code == 503
    assert one.stored() == NONE
    blocker.rollback()
    one.daemon.stop()


def test_killed_at_any_moment(system, sent):
    dice = random.Random(int(os.environ.get("METRICX_SEED", "1")))
    whole = sent()
    assert whole.answer.result().json() == {"success": True, "ingested": COUNT, "skipped": 0, "errors": []} and whole.stored() == ALL
    takes = time.monotonic() - whole.begun
    whole.daemon.stop()
    for _ in range(ROUNDS):
        one = sent(system.metricx("workspace", "create", "killed"))
        time.sleep(max(0, one.begun + dice.uniform(0, takes) - time.monotonic()))
        one.daemon.kill()
        assert one.stored() in (ALL, NONE)
        if one.answer.exception() is None:
            assert one.stored() == ALL
