"""PostgreSQL crashes, is restarted, refuses, loses its word, and is away."""
import time

import pytest
from invariants import check
from scenario import ALL, play

SCENARIOS = {
    "crashes and is restarted": [(("insights", 8), "crash_postgres"), (2, "restart_postgres", 1)],
    "refuses and loses its word": [
        (("insights", 5), "refuse_merges", "53100", 3), (1, "lose_commits", "all postgres", 5), (0.5, "end_sessions"),
        (0.5, "end_sessions"), (0.5, "refuse_merges", "40001", 12)],
}
ALONE = {
    "crashes": [(("insights", 8), "crash_postgres"), (2, "crash_postgres", 1)],
    "is restarted": [(("insights", 8), "restart_postgres"), (1, "restart_postgres", 3)],
    "ends all sessions": [(("insights", 8), "end_sessions"), *[(0.3, "end_sessions")] * 9],
    "has no room on its disk": [(("insights", 5), "refuse_merges", "53100", 4)],
    "cannot serialize": [(("insights", 5), "refuse_merges", "40001", 12)],
    "commits and cannot say so": [(("insights", 5), "lose_commits", "workers postgres", 6), (1, "lose_commits", "all postgres", 3)],
}
if ALL:
    SCENARIOS |= ALONE


@pytest.mark.parametrize("name", SCENARIOS)
def test_postgresql(make_rig, undisturbed, name):
    play(make_rig(), SCENARIOS[name], undisturbed())


# With each of them something else cannot be committed: a plan, an opening, a booked call, a page, a slice.
TABLES = ["sync_runs", "sync_chunks", "call_ledger", "chunk_cursor", "chunk_facts", "account_days"]


def test_no_commit_can_be_serialized_at_once(make_rig, undisturbed):
    """Each is tried again, and costs no attempt."""
    rig = make_rig()
    play(rig, [(0, what, table, *more, 1) for table in TABLES for what, *more in (("refuse_commits", "40001"), ("were_refused",))],
         undisturbed())
    assert rig.query("SELECT max(attempts) FROM sync_chunks") == [[0]]


@pytest.mark.skipif(not ALL, reason="long: what was refused waits for a minute")
def test_no_room_for_any_commit(make_rig, undisturbed):
    rig = make_rig()
    play(rig, [(0, "refuse_commits", table, "53100", 1) for table in TABLES] + [(0, "were_refused", table, 1) for table in TABLES],
         undisturbed())


def test_no_call_while_postgresql_is_away(make_rig, undisturbed):
    """What was granted before is sent, and no page is asked for before the one before it is stored."""
    rig = make_rig()
    connection = rig.connect()
    rig.start_members()
    run = rig.begin(connection)
    rig.await_calls("insights", 8)
    rig.cut("all postgres")
    time.sleep(3)
    before = rig.calls_so_far()["total"]
    time.sleep(7)
    assert rig.calls_so_far()["total"] == before, "PostgreSQL is away, and calls are made"
    rig.heal()
    rig.await_end(run)
    check(rig, [connection], undisturbed())
