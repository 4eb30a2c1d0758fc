"""Access is lost in mid-backfill and comes back, without anybody's hand: what was given up is taken up again."""
import pytest
from invariants import check_state
from rig import CONCURRENCY, TOKEN
from scenario import ALL
from system import wait_for

SMALL = {"BACKFILL_DAYS": 20, "META_TIMEOUT_SECONDS": 4}
WORKERS = 3
OTHER_TOKEN = "EAAofanother0123456789abcdefghijklmnopqrstuvwxyz"

# What happens to the account or its token, what gives it back, and what the connection is in between.
LOSSES = {
    "a token that expired": ("token", {"token": TOKEN, "state": "expired"}, {"state": "ok"}, "needs_reauth"),
    "a right that was taken away": ("account", {"account": "act_1001", "access": False}, {"access": True}, "no_access"),
}
if ALL:
    LOSSES["a token that was revoked"] = ("token", {"token": TOKEN, "state": "revoked"}, {"state": "ok"}, "needs_reauth")


def state(rig, connection):
    return rig.query("SELECT status, error_code FROM connections WHERE id = %s", connection)[0]


def await_state(rig, connection, status):
    wait_for(status, lambda: state(rig, connection)["status"] == status)


def due(rig):
    """The times at which connections are asked for again have come."""
    rig.query("UPDATE connections SET access_check_at = now()")


@pytest.mark.parametrize("name", LOSSES)
def test_back_by_itself(make_rig, name):
    what, lost, given_back, status = LOSSES[name]
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    rig.sandbox.post("token", token=OTHER_TOKEN)
    refused, other = rig.connect(), rig.connect(account="act_1002", token=OTHER_TOKEN)
    rig.start_members(workers=WORKERS)
    run, others_run = rig.begin(refused), rig.begin(other)
    rig.await_calls("insights", 4)
    rig.sandbox.post(what, **lost)
    assert rig.await_end(run) in ("failed", "partial")
    assert state(rig, refused)[:] == [status, status]
    assert rig.await_end(others_run) == "succeeded"
    asked = rig.query("SELECT access_check_at > now() + interval '4 minutes', access_checks FROM connections WHERE id = %s", refused)
    assert asked[0][:] == [True, 0]  # and nobody has asked yet
    due(rig)
    wait_for("a check in vain", lambda: rig.query("SELECT access_checks FROM connections WHERE id = %s", refused)[0][0] == 1)
    assert state(rig, refused)[:] == [status, status]
    rig.sandbox.post(what, **{**lost, **given_back})
    due(rig)
    await_state(rig, refused, "active")
    wait_for("the end of the run", lambda: rig.status(run) == "succeeded")
    check_state(rig, [refused, other])


def test_a_token_that_is_refused_once(make_rig):
    """Meta refuses good tokens now and then: the next check brings the connection back."""
    rig = make_rig(**SMALL)
    connection = rig.connect()
    rig.start_members()
    rig.fault(kind="error", match="insights", skip=3, count=1, status=400, code=190)
    run = rig.begin(connection)
    await_state(rig, connection, "needs_reauth")
    rig.await_end(run)
    due(rig)
    wait_for("the end of the run", lambda: rig.status(run) == "succeeded")
    assert state(rig, connection)[:] == ["active", None]
    check_state(rig, [connection])


def test_access_that_comes_and_goes(make_rig, undisturbed):
    """However often: what was read stays, and each loss costs what was under way."""
    rig = make_rig(**SMALL)
    connection = rig.connect()
    rig.start_members(workers=WORKERS)
    run = rig.begin(connection)
    lost = 0
    for calls in (3, 6, 9):
        rig.await_calls("insights", calls)
        rig.sandbox.post("account", account="act_1001", access=False)
        await_state(rig, connection, "no_access")
        rig.await_end(run)
        lost += 1
        rig.sandbox.post("account", account="act_1001", access=True)
        due(rig)
        await_state(rig, connection, "active")
    wait_for("the end of the run", lambda: rig.status(run) == "succeeded")
    check_state(rig, [connection])
    # A loss: calls that were refused, pages staged of slices that were open, a check.
    slices = CONCURRENCY * WORKERS
    assert rig.calls_so_far()["total"] <= undisturbed(**SMALL) + lost * (slices * 2 + 1)


def test_an_outage_changes_nobodys_state(make_rig):
    """Meta answers nothing but errors, or nothing at all."""
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    rig.sandbox.post("token", token=OTHER_TOKEN)
    active, lost = rig.connect(), rig.connect(account="act_1002", token=OTHER_TOKEN)
    rig.query("UPDATE connections SET status = 'no_access', error_code = 'no_access' WHERE id = %s", lost)
    rig.start_members()
    run = rig.begin(active)
    rig.await_calls("insights", 4)
    # Refusals that come with 500 are none.
    rig.fault(kind="error", percent=30, count=-1, status=500, code=190)
    rig.fault(kind="error", percent=40, count=-1, status=500, code=200)
    rig.fault(kind="hang", percent=20, count=-1)
    rig.fault(kind="status_500", count=-1)
    for _ in range(8):
        due(rig)
        struck = rig.calls_so_far()["faults_struck"]
        wait_for("calls in vain", lambda: rig.calls_so_far()["faults_struck"] > struck)
        assert [state(rig, active)[0], state(rig, lost)[0]] == ["active", "no_access"]
        assert rig.status(run) == "running"
    wait_for("a check in vain", lambda: rig.query("SELECT 1 FROM connections WHERE access_check_at > now() AND status = 'no_access'"))
    rig.sandbox.post("fault", clear=True)
    due(rig)
    await_state(rig, lost, "active")
    assert rig.await_end(run, 300) == "succeeded"
    wait_for("the end of the other's sync", lambda: rig.query(
        "SELECT 1 FROM sync_runs WHERE connection_id = %s AND status = 'succeeded'", lost))
    check_state(rig, [active, lost])
