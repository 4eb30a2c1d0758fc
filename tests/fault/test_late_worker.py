"""A worker that stands still for longer than its lease comes back with what it read, while another did its job: it changes
nothing. The same with the fences switched off must be found by the checker, else the checker proves nothing."""
import time

import pytest
from invariants import check
from rig import LEASE_SECONDS
from system import wait_for

NO_FENCES = """
    CREATE OR REPLACE FUNCTION chunk_fence(chunk uuid, expected_epoch bigint, expected_page int) RETURNS void
        LANGUAGE plpgsql AS $$ BEGIN RETURN; END $$;
    CREATE FUNCTION forget_read_at() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.read_at := NULL; RETURN NEW; END $$;
    CREATE TRIGGER forget_read_at BEFORE INSERT OR UPDATE ON account_days FOR EACH ROW EXECUTE FUNCTION forget_read_at()"""


def versions(rig):
    return rig.query("SELECT entity_id, event_date, xmin::text FROM metric_facts ORDER BY 1, 2")


def come_back_late(rig):
    """The connection, and what the tables were before the late worker tried to merge."""
    late = rig.add("worker0", LOG_LEVEL="debug")
    rig.add("scheduler0")
    connection = rig.connect()
    rig.await_end(rig.begin(connection))
    day = rig.day(1)  # one page
    asked, merges = rig.calls_so_far()["counts"]["insights"], late.log().count("from=merging")
    rig.fault(kind="delay", match="insights", skip=1, delay_ms=1500)  # the facts, behind the totals
    run = rig.begin(connection, "--metrics", "--from", day, "--to", day)
    rig.await_calls("insights", asked + 2)
    rig.stall("worker0")
    stalled = time.monotonic()
    restated = rig.sandbox.post("restate", **{"from": day, "to": day, "percent": "100"})
    assert restated["changed"] > 10
    rig.add("worker1")
    assert rig.await_end(run) == "succeeded"
    time.sleep(max(0, stalled + 3 * LEASE_SECONDS - time.monotonic()))
    before = versions(rig)
    rig.freeze("worker0 redis")  # or it would hear that its lease is over before it had merged
    rig.resume("worker0")
    wait_for("its merge", lambda: late.log().count("from=merging") == merges + 2)  # that of the totals, and the late one
    return connection, before


def test_a_late_worker_changes_nothing_and_is_counted(make_rig, undisturbed):
    rig = make_rig()
    connection, before = come_back_late(rig)
    assert versions(rig) == before
    assert rig.members["worker0"].metric("jobs_fenced_total") == 1
    rig.heal()
    check(rig, [connection], undisturbed((), ("--metrics", "--from", rig.day(1), "--to", rig.day(1))))


def test_without_the_fences_the_checker_finds_the_late_worker(make_rig, undisturbed):
    rig = make_rig()
    rig.query(NO_FENCES)
    connection, before = come_back_late(rig)
    assert versions(rig) != before
    rig.heal()
    with pytest.raises(AssertionError, match="differences"):
        check(rig, [connection], undisturbed((), ("--metrics", "--from", rig.day(1), "--to", rig.day(1))))
