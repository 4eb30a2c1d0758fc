"""Server-sent events: the present state first, then what changes."""
import concurrent.futures
import json
import os
import re
import signal
import socket
import threading
import time
from urllib.parse import urlsplit

import requests
from client import Client, claims, jwt
from conftest import url_of
from raw import Raw
from system import wait_for


class Stream(threading.Thread):
    def __init__(self, client, path, **headers):
        super().__init__(daemon=True)
        self.answer = client.call("GET", path, 200, stream=True, headers=headers)
        self.events = []
        self.start()

    def run(self):
        for line in self.answer.iter_lines(chunk_size=1):
            if line.startswith(b"data: "):
                self.events.append(json.loads(line[6:]))

    def of(self, kind, run=None):
        return [e for e in self.events if e["type"] == kind and run in (None, e["run_id"])]


def test_state_first_then_every_change(system, client, place, connection):
    workspace, path = place
    c = client(workspace)
    stream = Stream(client(workspace, role="viewer"), f"/workspaces/{workspace}/events")
    assert stream.answer.headers["Content-Type"] == "text/event-stream"
    wait_for("the state", lambda: stream.of("connection.state"))
    assert stream.events[0]["connection_id"] == connection and stream.events[0]["status"] == "active"
    run = c.post(f"{path}/sync-entities")["run_id"]
    wait_for("its end", lambda: stream.of("run.succeeded", run))
    kinds = [e["type"] for e in stream.events if e["run_id"] == run]
    assert kinds[0] == "run.started" and kinds[-1] == "run.succeeded" and set(kinds[1:-1]) <= {"run.progress"}
    again = Stream(client(workspace), f"/workspaces/{workspace}/events", **{"Last-Event-ID": "x"})
    wait_for("what it missed", lambda: again.of("run.succeeded", run))
    stranger = system.metricx("workspace", "create", "stranger")
    other = Stream(client(stranger), f"/workspaces/{stranger}/events")
    run = c.post(f"{path}/sync-metrics", {"start_date": "2026-10-01", "end_date": "2026-10-02"})["run_id"]
    wait_for("its end", lambda: stream.of("run.succeeded", run))
    assert other.events == []


def test_streams_hear_again_after_redis_was_away(system, client, place, redis_process):
    workspace, path = place
    stream = Stream(client(workspace), f"/workspaces/{workspace}/events")
    wait_for("the state", lambda: stream.of("connection.state"))
    redis_process.client().client_kill_filter(_type="pubsub")
    wait_for("the state once more", lambda: len(stream.of("connection.state")) == 2)
    run = client(workspace).post(f"{path}/sync-entities")["run_id"]
    wait_for("its end", lambda: stream.of("run.succeeded", run))


def test_the_state_of_a_large_workspace_comes_whole(system, client, workspace):
    system.query("INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_source, status)"
                 " SELECT %s, 'meta', 'large' || n, repeat('x', 200), 'EUR', 'UTC', 'none', 'paused' FROM generate_series(1, 1500) n", workspace)
    stream = Stream(client(workspace), f"/workspaces/{workspace}/events")
    wait_for("the state", lambda: len(stream.of("connection.state")) == 1500)


def test_a_stream_ends_with_its_token(system, workspace):
    c = Client(system.url, jwt(claims([workspace], exp=int(time.time()) + 2)))
    stream = Stream(c, f"/workspaces/{workspace}/events")
    stream.join(10)
    assert not stream.is_alive()  # long before the next heartbeat
    c.session.close()


def test_who_reads_too_slowly_is_cut_off_and_others_hear_all(system, workspace, redis_process):
    where = urlsplit(system.url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((where.hostname, where.port))
        slow.sendall(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace]))}\r\n\r\n".encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
        redis, sent, heard = redis_process.client(), 0, b""
        with Raw(system.url) as other:
            other.send(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace]))}\r\n\r\n")
            assert other.answer().status == 200
            while "a stream is cut off: its client reads too slowly" not in system.api.log():
                assert sent < 10000
                for sent in range(sent + 1, sent + 101):
                    redis.publish("{api}:events", json.dumps({"event_id": str(sent), "type": "run.started", "workspace_id": workspace, "x": "y" * 4000}))
                heard += other.until(f"id: {sent}\n".encode()) + f"id: {sent}\n".encode()
        assert re.findall(rb"id: (\d+)\n", heard) == [str(n).encode() for n in range(1, sent + 1)]


def test_what_is_no_event_of_ours_is_passed_over(system, workspace, redis_process):
    """Whoever may publish cannot make up events within another's, nor end the API."""
    with Raw(system.url) as raw:
        raw.send(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace]))}\r\n\r\n")
        assert raw.answer().status == 200
        event = {"event_id": "1", "type": "run.started", "workspace_id": workspace, "run_id": None}
        texts = [json.dumps({**event, **bad}) for bad in ({"event_id": "x\n\nevent: evil"}, {"type": "x\rdata: evil"}, {"type": 5}, {"workspace_id": None})]
        for text in [*texts, json.dumps(event).replace(", ", ",\revil: 1\r"), json.dumps(event).replace(", ", ",\nevil\n"), "[]", "{", b"\xff", "",
                     json.dumps({**event, "type": "run.progress", "run_id": "z" * 5000}), json.dumps({**event, "event_id": "last"})]:
            redis_process.client().publish("{api}:events", text)
        heard = raw.until(b"id: last")
        assert heard is not None and b"evil" not in heard


def opened(url, workspace, callers, each):
    """Streams of so many callers, in turn; and their answers."""
    tokens = [jwt(claims([workspace], sub=f"caller-{n}")) for n in range(callers)]
    raws = [Raw(url) for _ in range(callers * each)]
    for n, raw in enumerate(raws):
        raw.send(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {tokens[n % callers]}\r\n\r\n")
    return raws, [raw.answer() for raw in raws]


def test_streams_have_a_bound_and_requests_do_not_suffer(system, client, workspace):
    daemon = system.start("metricx-api", LISTEN="127.0.0.1:0")
    url = url_of(daemon)
    raws, answers = opened(url, workspace, 6, 251)
    refused = [answer for answer in answers if answer.status != 200]
    assert len(refused) == 6
    for answer in refused:
        assert (answer.status, answer.headers["retry-after"]) == (503, "1") and "1500 streams" in answer.problem()["detail"]
    assert requests.get(f"{url}/workspaces/{workspace}/runs", headers={"Authorization": f"Bearer {jwt(claims([workspace]))}"}, timeout=20).status_code == 200
    daemon.stop()  # which ends them all
    assert all(raw.ends() for raw in raws)


def test_one_caller_does_not_take_the_streams_of_all(system, workspace):
    daemon = system.start("metricx-api", LISTEN="127.0.0.1:0")
    url = url_of(daemon)
    raws, answers = opened(url, workspace, 1, 301)
    (refused,) = [answer for answer in answers if answer.status != 200]
    assert (refused.status, refused.headers["retry-after"]) == (429, "15")
    assert refused.problem()["code"] == "too_many_requests" and "this caller has 300 streams" in refused.problem()["detail"]
    with Raw(url) as other:
        other.send(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {jwt(claims([workspace], sub='other'))}\r\n\r\n")
        assert other.answer().status == 200
    daemon.stop()
    assert all(raw.ends() for raw in raws)


def test_what_happens_while_the_state_is_read_comes_behind_it(system, client, workspace, redis_process):
    client(workspace).post(f"/workspaces/{workspace}/metrics/ingest", [{"external_entity_id": "1", "provider": "x", "level": "ad", "event_date": "2026-10-01",
                                                                        "currency": "EUR"}])
    backends = [pid for (pid,) in system.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'metricx-api'")]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        try:
            for pid in backends:
                os.kill(pid, signal.SIGSTOP)
            stream = pool.submit(Stream, client(workspace), f"/workspaces/{workspace}/events")
            time.sleep(0.2)  # it reads by then; if not, this test says less
            redis_process.client().publish("{api}:events", json.dumps({"event_id": "1", "type": "run.started", "workspace_id": workspace, "run_id": None}))
            time.sleep(0.2)  # and has heard
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        wait_for("both", lambda: len(stream.result().events) == 2)
        assert [e["type"] for e in stream.result().events] == ["connection.state", "run.started"]


def test_progress_of_a_run_is_told_once_a_second(client, workspace, redis_process):
    stream, other = (Stream(client(workspace), f"/workspaces/{workspace}/events") for _ in range(2))
    for n in range(200):
        redis_process.client().publish("{api}:events", json.dumps({"event_id": str(n), "type": "run.progress", "workspace_id": workspace,
                                                                   "run_id": "11111111-1111-4111-8111-111111111111", "rows": n}))
    wait_for("the newest", lambda: all(s.events and s.events[-1]["rows"] == 199 for s in (stream, other)))
    assert stream.events[0]["rows"] == 0 and len(stream.events) < 10 and other.events == stream.events
