"""Server-sent events: the present state first, then what changes."""
import json
import threading

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
