"""Descriptors run out: whatever needs one waits, and goes on when there are some again."""
import pytest
from invariants import check
from scenario import ALL, play
from system import wait_for

SCENARIOS = {
    "the workers'": [(("insights", 8), "starve", "worker"), (0.3, "cut", "workers postgres"), (0, "cut", "workers redis"), (0.3, "heal"),
                     (3, "feed", "worker")],
}
if ALL:
    SCENARIOS["the schedulers'"] = [
        (("entities", 1), "starve", "scheduler"), (0, "cut", "schedulers postgres"), (0, "cut", "schedulers redis"), (0.3, "heal"),
        (3, "feed", "scheduler")]


@pytest.mark.parametrize("name", SCENARIOS)
def test_connections_are_lost_meanwhile(make_rig, undisturbed, name):
    play(make_rig(), SCENARIOS[name], undisturbed())


def test_a_run_that_cannot_be_planned_is_planned_later(make_rig, undisturbed):
    """The file of its time zone cannot be opened."""
    rig = make_rig()
    rig.start_members(workers=1, schedulers=1)
    wait_for("its first tick", lambda: rig.members["scheduler0"].metric("scheduler_ticks_total") > 0)
    rig.starve("scheduler")
    connection = rig.connect()
    run = rig.begin(connection)
    wait_for("a word of it", lambda: "Too many open files" in rig.members["scheduler0"].log())
    assert rig.status(run) == "queued"
    rig.feed("scheduler")
    rig.await_end(run)
    check(rig, [connection], undisturbed())
