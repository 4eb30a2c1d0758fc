"""Somebody keeps a table locked in PostgreSQL, as an operator may: who needs it is told so, and the others are served meanwhile."""
import concurrent.futures

import psycopg2
import pytest
from client import Client, claims, jwt
from conftest import url_of


@pytest.fixture
def api(system):
    """One that nobody else asks."""
    daemon = system.start("metricx-api", LISTEN="127.0.0.1:0")
    yield url_of(daemon)
    daemon.stop()


@pytest.fixture
def lock(system):
    def take(table):
        connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        return connection

    with psycopg2.connect(system.database_url) as connection:
        yield take
        connection.rollback()


def test_who_needs_it_is_told_and_others_are_served(api, lock, place, connection):
    """More of them than there are connections to PostgreSQL."""
    workspace, _ = place
    clients = [Client(api, jwt(claims([workspace]))) for _ in range(7)]
    coverage = f"/workspaces/{workspace}/coverage?connection_id={connection}"
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        held = lock("account_days")
        waiting = [pool.submit(c.get, coverage, 503) for c in clients[1:]]
        served = 0
        while not all(one.done() for one in waiting):
            assert clients[0].get(f"/workspaces/{workspace}/runs")["items"] == []
            served += 1
        assert served > 0
        for one in waiting:
            assert one.result()["code"] == "timeout" and "keeps a table of PostgreSQL locked" in one.result()["detail"]
    assert clients[0].call("GET", coverage, 503).headers["Retry-After"] == "1"
    held.rollback()
    assert clients[0].get(coverage)["items"] == []
