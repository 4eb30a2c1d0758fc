"""How the API ends: asked to, all that waits is answered; killed, nothing that was requested is lost. And clients that end first."""
import concurrent.futures
import select

import psycopg2
import pytest
import requests
from client import Client, claims, jwt
from conftest import url_of
from raw import Raw
from system import wait_for


@pytest.fixture
def own_api(system):
    """An API of this test's own beside the others'."""
    daemon = system.start("metricx-api", LISTEN="127.0.0.1:0")
    return daemon, url_of(daemon)


@pytest.fixture
def held(system, place, connection):
    """A connection whose syncs do not end: nobody may ask Meta for it. Released at the end."""
    system.query("UPDATE connections SET settings = '{\"calls_per_window\": 1}' WHERE id = %s", connection)
    yield place
    system.query("UPDATE connections SET settings = '{}' WHERE id = %s", connection)


def open_runs(system, connection):
    return system.query("SELECT id FROM sync_runs WHERE connection_id = %s AND status IN ('queued', 'running')", connection)


def test_asked_to_stop_it_answers_all_that_waits(system, own_api, held, connection):
    daemon, url = own_api
    workspace, path = held
    c = Client(url, jwt(claims([workspace], "admin")))
    other = system.metricx("workspace", "create", "busy")
    with psycopg2.connect(system.database_url) as blocker, concurrent.futures.ThreadPoolExecutor(4) as pool:
        events = requests.get(f"{url}/workspaces/{workspace}/events", headers=c.session.headers, stream=True, timeout=60)
        sync = pool.submit(lambda: Client(url, jwt(claims([workspace], "admin"))).call("POST", f"{path}/sync-metrics", json={}))
        wait_for("the run", lambda: open_runs(system, connection))
        # An ingest waits at the lock that another one of its workspace would hold.
        blocker.cursor().execute("SELECT pg_advisory_xact_lock(hashtextextended('metricx ingest ' || %s, 0))", (other,))
        body = [{"external_entity_id": "1", "provider": "meta", "level": "ad", "event_date": "2026-10-01", "currency": "EUR", "clicks": 1}]
        ingest = pool.submit(lambda: Client(url, jwt(claims([other], "admin"))).call("POST", f"/workspaces/{other}/metrics/ingest", json=body))
        wait_for("the ingest", lambda: system.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        daemon.process.terminate()
        answer = sync.result()
        assert answer.status_code == 202 and answer.json()["status"] in ("queued", "running")
        read = list(events.iter_lines())  # to its end, which is clean
        assert any(line.startswith(b"event: connection.state") for line in read)
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"{url}/openapi.json", timeout=5)
        assert daemon.process.poll() is None  # the ingest is in progress
        blocker.rollback()
        assert ingest.result().json() == {"success": True, "ingested": 1, "skipped": 0, "errors": []}
    assert daemon.process.wait(60) == 0
    assert open_runs(system, connection)  # the run goes on without it
    assert "not stopped within the grace time" not in daemon.log()


def test_calls_that_wait_have_a_bound(system, own_api, held):
    """Those beyond it are told at once where to look; a stop tells all of them."""
    daemon, url = own_api
    workspace, path = held
    raws = [Raw(url) for _ in range(260)]
    for raw in raws:
        raw.send(f"POST {path}/sync-metrics HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace], 'admin'))}\r\nContent-Length: 0\r\n\r\n")
    wait_for("those beyond it", lambda: len(select.select([raw.socket for raw in raws], [], [], 0)[0]) == 10)
    daemon.process.terminate()
    assert {raw.answer().status for raw in raws} == {202}
    assert daemon.process.wait(60) == 0


def test_it_ends_within_the_grace_time_whatever_hangs(system):
    daemon = system.start("metricx-api", LISTEN="127.0.0.1:0", SHUTDOWN_GRACE_SECONDS=1)
    url = url_of(daemon)
    other = system.metricx("workspace", "create", "stuck")
    with psycopg2.connect(system.database_url) as blocker, concurrent.futures.ThreadPoolExecutor(1) as pool:
        blocker.cursor().execute("SELECT pg_advisory_xact_lock(hashtextextended('metricx ingest ' || %s, 0))", (other,))
        body = [{"external_entity_id": "1", "provider": "meta", "level": "ad", "event_date": "2026-10-01", "currency": "EUR"}]
        ingest = pool.submit(lambda: Client(url, jwt(claims([other], "admin"))).call("POST", f"/workspaces/{other}/metrics/ingest", json=body))
        wait_for("the ingest", lambda: system.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        daemon.stop()
        assert "not stopped within the grace time" in daemon.log()
        with pytest.raises(requests.exceptions.ConnectionError):
            ingest.result()
        blocker.rollback()


def test_a_sync_goes_on_when_the_api_is_killed(system, own_api, place, connection):
    daemon, url = own_api
    workspace, path = place
    asked = Client(url, jwt(claims([workspace], "admin"))).call("POST", f"{path}/sync-metrics", 202, json={}, headers={"Prefer": "respond-async"})
    daemon.kill()
    run = asked.json()["run_id"]
    wait_for("its end", lambda: system.query("SELECT 1 FROM sync_runs WHERE id = %s AND status = 'succeeded'", run))


def test_a_client_that_hangs_up_stops_nothing(system, place, connection):
    """Twenty wait for a run, and leave; the run goes on, and so does the API."""
    workspace, path = place
    system.metricx("hold", "--connection", connection, "--reason", "test")
    try:
        raws = [Raw(system.url) for _ in range(20)]
        for raw in raws:
            raw.send(f"POST {path}/sync-metrics HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace], 'admin'))}\r\nContent-Length: 0\r\n\r\n")
        (run,), = wait_for("their run", lambda: open_runs(system, connection))
        for raw in raws:
            raw.socket.close()
        assert requests.get(f"{system.url}/openapi.json", timeout=20).status_code == 200
    finally:
        system.metricx("release", "--connection", connection)
    wait_for("its end", lambda: system.query("SELECT 1 FROM sync_runs WHERE id = %s AND status = 'succeeded'", run))
    assert system.api.process.poll() is None
