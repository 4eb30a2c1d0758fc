"""What happens when nothing happens: the API's clock goes ahead, and nobody waits for it."""
import concurrent.futures
import os

import pytest
from client import Client, claims, jwt
from clock import Clock
from conftest import url_of
from raw import Raw
from system import wait_for


class Aged:
    """An API whose clock a test moves."""

    def __init__(self, system, folder):
        self.clock = Clock(folder, system.build)
        asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"  # the preloaded clock comes before the sanitizer
        self.daemon = system.start("metricx-api", LISTEN="127.0.0.1:0", ASAN_OPTIONS=asan, **self.clock.environment)
        self.url = url_of(self.daemon)

    def pass_by(self, seconds):
        """It has done by then what it was about to do, and by the end what is due."""
        self.settle()
        self.clock.pass_by(seconds)
        self.settle()

    def settle(self):
        """The first request wakes it, and all that it was woken for is done before it answers the last."""
        for _ in range(3):
            with Raw(self.url) as raw:
                raw.send("GET /nothing HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")
                assert raw.answer().status == 404

    def stream(self, workspace):
        raw = Raw(self.url)
        raw.send(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace]))}\r\n\r\n")
        assert raw.answer().status == 200
        return raw

    def open_files(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))


@pytest.fixture
def aged(system, tmp_path):
    one = Aged(system, tmp_path)
    yield one
    one.daemon.stop()


def come(raw):
    """What has come so far; None when the connection has ended."""
    raw.socket.setblocking(False)
    try:
        while raw.more():
            pass
        return None
    except BlockingIOError:
        found, raw.kept = raw.kept, b""
        return found
    finally:
        raw.socket.settimeout(20)


def test_a_stream_says_every_fifteen_seconds_that_it_lives(aged, workspace):
    with aged.stream(workspace) as raw:
        heard = []
        for seconds in (14, 1.5, 14, 1.5, 120):
            aged.pass_by(seconds)
            heard.append(come(raw))
        assert b"3\r\n:\n\n\r\n" in heard[1] and heard == [b"", heard[1], b"", heard[1], heard[1]]


def test_a_stream_whose_client_has_left_is_given_up_with_the_next_sign_of_life(aged, workspace):
    before = aged.open_files()
    raws = [aged.stream(workspace) for _ in range(20)]
    for raw in raws:
        raw.socket.close()
    aged.settle()
    assert aged.open_files() >= before + 20
    aged.pass_by(16)
    wait_for("their end", lambda: aged.pass_by(16) or aged.open_files() <= before + 1)


def test_a_connection_that_is_silent_for_a_minute_is_closed(aged):
    with Raw(aged.url) as raw:
        for _ in range(2):
            raw.send("GET /nothing HTTP/1.1\r\nHost: api\r\n\r\n")
            assert raw.answer().status == 404
            aged.pass_by(58)
            assert come(raw) == b""
        aged.pass_by(4)
        wait_for("its end", lambda: aged.settle() or come(raw) is None)


def test_a_request_that_is_not_whole_after_half_a_minute_is_cut_off(aged):
    path = "/workspaces/x/metrics/ingest"
    with Raw(aged.url) as nothing, Raw(aged.url) as head, Raw(aged.url) as body:
        head.send(f"POST {path} HTTP/1.1\r\nHost: api\r\nX-Slow: ")
        body.send(f"POST {path} HTTP/1.1\r\nHost: api\r\nContent-Length: 10\r\n\r\n12345")
        aged.pass_by(28)
        assert [come(raw) for raw in (nothing, head, body)] == [b""] * 3
        aged.pass_by(4)
        wait_for("their end", lambda: aged.settle() or all(come(raw) is None for raw in (nothing, head, body)))


def test_a_sync_is_waited_for_25_seconds(system, aged, place, connection):
    workspace, path = place
    other, client = (Client(aged.url, jwt(claims([workspace], "admin"))) for _ in range(2))
    system.metricx("hold", "--connection", connection, "--reason", "test")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        try:
            waits = pool.submit(client.call, "POST", f"{path}/sync-metrics", json={})
            wait_for("the run", lambda: system.query("SELECT 1 FROM sync_runs WHERE connection_id = %s", connection))
            aged.pass_by(24)
            for _ in range(10):  # as it does itself, it looks how the run stands
                assert len(other.get(f"/workspaces/{workspace}/runs")["items"]) == 1
            assert not waits.done()
            aged.pass_by(2)
            assert waits.result(timeout=30).status_code == 202
        finally:
            system.metricx("release", "--connection", connection)
