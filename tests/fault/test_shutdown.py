"""SIGTERM whatever a job is doing, and a log that nobody reads."""
import re

import pytest
from invariants import check
from scenario import ALL
from servers import free_port
from system import wait_for
from test_reports import connect as connect_for_reports

EVERY = ["listed", "opening", "granting", "fetching", "parsing", "staging", "merging", "doubting", "rereading", "putting back",
         "finishing", "stranded"]  # the listing comes first; shrinking and reporting are below
SLICE = 7  # pages, at most


class Backfill:
    """One after the other, as long as there is something to wait for."""

    def __init__(self, rig, connection):
        self.rig, self.connection = rig, connection
        self.run = rig.begin(connection)

    def goes_on(self):
        if self.rig.status(self.run) not in ("queued", "running"):
            self.run = self.rig.begin(self.connection, "--force")
        return True


def bring_about(rig, state, backfill):
    if state in ("doubting", "rereading"):
        rig.fault(kind="lose_rows", match="insights", count=4)
        rig.vain += 4 * (SLICE + 2)  # totals and slice are read once more
    elif state == "putting back":
        rig.fault(kind="status_500", match="insights")
    elif state == "stranded":
        log = rig.members["worker0"].logs[-1]
        wait_for("a call", lambda: backfill.goes_on() and "to=fetching" in log.read_text())
        rig.cut("worker0 redis")


def test_sigterm_in_every_state(make_rig, undisturbed):
    """The worker ends with 0, and costs no page."""
    rig = make_rig(META_CALLS_PER_WINDOW=400)
    connection = rig.connect()
    worker = rig.add("worker0", LOG_LEVEL="debug")
    rig.add("scheduler0")
    today = ("--metrics", "--from", rig.day(0), "--to", rig.day(0))
    rig.await_end(rig.begin(connection, *today))  # leaves stubs, which the next listing looks up
    backfill = Backfill(rig, connection)
    for state in EVERY:
        for link in worker.links.values():
            link.slow(0.02)
        bring_about(rig, state, backfill)
        mark, log = f'to="?{state}"?$', worker.logs[-1]
        wait_for(state, lambda: backfill.goes_on() and re.search(mark, log.read_text(), re.M))
        worker.stop()
        rig.heal()  # before the next one comes: without Redis it does not start
        worker.start()
    rig.await_end(backfill.run)
    check(rig, [connection], undisturbed(today, ()) + undisturbed() * (len(rig.runs) - 2))


def ask_too_much(rig):
    connection = rig.connect()
    rig.fault(kind="error", match="insights", skip=1, status=500, code=1, message="Please reduce the amount of data you're asking for, "
              "then retry your request")
    rig.vain += 3 * SLICE  # the pages of its one slice are smaller
    return connection


def ask_for_reports(rig):
    connection = connect_for_reports(rig)
    rig.sandbox.post("report", polls=0, count=-1)
    return connection


LESS = {"shrinking": ask_too_much, "reporting": ask_for_reports}


@pytest.mark.parametrize("state", LESS)
def test_sigterm_while_less_is_asked_for(make_rig, undisturbed, state):
    """The question stays small, and no report is asked for twice."""
    settings = {"BACKFILL_DAYS": 3, "META_CALLS_PER_WINDOW": 200}
    rig = make_rig(**settings)
    connection = LESS[state](rig)
    worker = rig.add("worker0", LOG_LEVEL="debug")
    rig.add("scheduler0")
    for link in worker.links.values():
        link.slow(0.02)
    run = rig.begin(connection)
    wait_for(state, lambda: f"to={state}" in worker.logs[-1].read_text())
    rig.end("worker0")
    rig.await_end(run)
    reports = rig.sandbox.get("reports")
    assert reports["created"] == (4 if state == "reporting" else 0)  # one of each day
    rig.vain += reports["created"] + reports["polls"] + reports["pages"]
    check(rig, [connection], undisturbed(**settings))


@pytest.mark.parametrize("away", ["postgres", "redis"])
def test_sigterm_while_a_server_is_away(make_rig, undisturbed, away):
    """They end with 0 within the grace time; the next ones go on."""
    rig = make_rig(sandbox=("--latency-ms", "100"), SHUTDOWN_GRACE_SECONDS=5)
    connection = rig.connect()
    rig.start_members(workers=1, schedulers=1)
    run = rig.begin(connection)
    rig.await_calls("insights", 8)
    rig.cut(f"all {away}")
    for member in rig.members.values():
        member.stop()
    rig.heal()
    for member in rig.members.values():
        member.start()
    rig.await_end(run)
    check(rig, [connection], undisturbed())


def test_a_log_that_nobody_reads(make_rig, undisturbed, full_pipe):
    """The work goes on, and so does the end."""
    rig = make_rig()
    connection = rig.connect()
    rig.add("scheduler0")
    worker = rig.add("worker0", stderr=full_pipe, LOG_LEVEL="debug")
    rig.await_end(rig.begin(connection))
    check(rig, [connection], undisturbed())
    worker.stop()


if ALL:  # it takes thousands of calls to fill what the log holds back
    def test_lines_that_nobody_reads_are_counted(make_rig, undisturbed, full_pipe):
        settings = {"META_CALLS_PER_WINDOW": 5000, "CHUNK_DAYS": 1, "PAGE_LIMIT": 6}
        port = free_port()
        rig = make_rig(sandbox=("--latency-ms", "0"), **settings)
        connection = rig.connect()
        rig.add("scheduler0")
        worker = rig.add("worker0", stderr=full_pipe, LOG_LEVEL="debug", LOG_FORMAT="json", METRICS_LISTEN=f"127.0.0.1:{port}")
        for _ in range(2):  # more than the megabyte that it holds back
            rig.await_end(rig.begin(connection, "--force"))
        assert worker.metric("log_lines_dropped_total", port) > 0
        check(rig, [connection], 2 * undisturbed(**settings))
        worker.stop()
