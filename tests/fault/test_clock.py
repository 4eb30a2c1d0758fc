"""The wall clock of one process is stepped in mid-backfill."""
import pytest
from scenario import ALL, play

HOURS = 3600
BACKFILL = ("insights", 8)
SCENARIOS = {
    "the daemons'": [
        (BACKFILL, "step_clock", "worker0", 5 * HOURS), (0, "step_clock", "worker1", -5 * HOURS),
        (0, "step_clock", "scheduler0", 40 * HOURS), (0, "step_clock", "scheduler1", -40 * HOURS),
        (1, "step_clock", "worker0", -9 * HOURS), (0, "restart", "scheduler0")],
    # Ahead by a window or more is time that has passed, to Redis: then the budget cannot hold.
    "that of Redis, back": [(BACKFILL, "step_clock", "redis", -2 * HOURS), (1, "step_clock", "redis", -5), (0, "restart", "worker0")],
    "that of PostgreSQL, back": [(BACKFILL, "step_clock", "postgres", -2 * HOURS), (0.5, "restart", "worker0"),
                                 (0, "kill", "scheduler0"), (0, "restart", "scheduler1"), (6, "restart", "scheduler0")],
}
if ALL:
    SCENARIOS |= {
        "that of PostgreSQL, ahead": [(BACKFILL, "step_clock", "postgres", 2 * HOURS), (1, "restart", "worker0")],
        "that of PostgreSQL, back while Redis is emptied": [
            (BACKFILL, "step_clock", "postgres", -2 * HOURS), (0, "flush_redis"), (1, "restart", "worker0")],
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_clock_is_stepped(make_rig, undisturbed, name):
    play(make_rig(), SCENARIOS[name], undisturbed())
