"""Meta answers badly in mid-backfill: the tables become what they would have been."""
import pytest
from invariants import check_state
from rig import TOKEN
from scenario import ALL, play
from system import wait_for
from truth import assert_truth

SMALL = {"BACKFILL_DAYS": 20, "META_TIMEOUT_SECONDS": 4, "META_CALLS_PER_WINDOW": 200}
NEXT_PAGES = "insights?after=QV"  # their cursors begin so
PAGES = 7  # of a slice, at most

# What strikes in the midst of the calls for insights: three times, when nothing else is said.
FAULTS = {
    "an HTML page with 200": dict(kind="body", status=200, body="<html><body>Sorry, something went wrong.</body></html>"),
    "an HTML page with 404": dict(kind="body", status=404, body="<html>Not Found</html>"),
    "an HTML page with 502": dict(kind="body", status=502, body="<html>Bad Gateway</html>"),
    "an empty body": dict(kind="body", status=200, body=""),
    "a body that is true": dict(kind="body", status=200, body="true"),
    "an error in a 200": dict(kind="error", status=200, code=2),
    "an error that is a text": dict(kind="body", status=400, body='{"error":"something broke"}'),
    "an error with a code only": dict(kind="status_500"),
    "a service that is unavailable": dict(kind="body", status=200, body='{"Service Unavailable":true}'),
    "an answer cut short": dict(kind="truncate"),
    "a reset in the middle": dict(kind="reset"),
    "a connection closed": dict(kind="drop"),
    "a slow answer": dict(kind="drip"),
    "no answer": dict(kind="hang"),
    "gzip": dict(kind="gzip"),
    "pages with few rows": dict(kind="sparse"),
    "pages without rows": dict(kind="empty_page"),
    "rows that come twice": dict(kind="repeat_row"),
    "a cursor that loops": dict(kind="loop", match=NEXT_PAGES),
    "a cursor that expired": dict(kind="error", match=NEXT_PAGES, status=400, code=2642),
}
HARMLESS = ("drip", "gzip")  # cost no further call
SCENARIOS = {"every broken body": [name for name in FAULTS if FAULTS[name]["kind"] in ("body", "error", "status_500", "truncate")
                                   and "match" not in FAULTS[name]],
             "every broken transfer": ["a reset in the middle", "a connection closed", "a slow answer", "no answer", "gzip"],
             "every strange page": ["pages with few rows", "pages without rows", "rows that come twice"],
             "every useless cursor": ["a cursor that loops", "a cursor that expired"]}
if ALL:
    SCENARIOS |= {name: [name] for name in FAULTS}


@pytest.mark.parametrize("name", SCENARIOS)
def test_meta_answers_with(make_rig, undisturbed, name):
    rig = make_rig(**SMALL)
    count = 3 if len(SCENARIOS[name]) == 1 else 1
    for skip, fault in enumerate(FAULTS[each] for each in SCENARIOS[name]):
        rig.fault(**{"match": "insights", "skip": 3 + skip, "count": count, **fault})
        rig.vain += count * PAGES if fault.get("code") == 2642 else 0  # the slice starts again
        rig.vain -= count if fault["kind"] in HARMLESS else 0
    rig.fault(kind="body", match="act_1001/ads?", status=200, body="<html></html>")  # the listing too
    play(rig, [], undisturbed(**SMALL))
    assert rig.calls_so_far()["faults_struck"] == count * len(SCENARIOS[name]) + 1


REFUSALS = {
    "expired": ("token", {"token": TOKEN, "state": "expired"}, "needs_reauth"),
    "revoked": ("token", {"token": TOKEN, "state": "revoked"}, "needs_reauth"),
    "no longer allowed": ("account", {"account": "act_1001", "access": False}, "no_access"),
}
OTHER_TOKEN = "EAAofanother0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize("name", REFUSALS)
def test_access_is(make_rig, undisturbed, name):
    """One connection waits for a person, the other goes on; a new token brings the first one back."""
    what, body, status = REFUSALS[name]
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    rig.sandbox.post("token", token=OTHER_TOKEN)
    refused, other = rig.connect(), rig.connect(account="act_1002", token=OTHER_TOKEN)
    rig.start_members()
    run, others_run = rig.begin(refused), rig.begin(other)
    rig.await_calls("insights", 4)
    rig.sandbox.post(what, **body)
    assert rig.await_end(run) in ("failed", "partial")
    row = rig.query("SELECT status, error_code FROM connections WHERE id = %s", refused)[0]
    assert (row["status"], row["error_code"]) == (status, status)
    assert rig.await_end(others_run) == "succeeded"
    assert_truth(rig, other, account="act_1002", **{"from": rig.first_day()})
    rig.sandbox.post("account", account="act_1001", access=True)
    rig.metricx("connection", "token", refused, "--stdin", stdin=OTHER_TOKEN)
    assert rig.query("SELECT status, error_code FROM connections WHERE id = %s", refused)[0][:] == ["active", None]
    wait_for("its sync", lambda: not rig.query("SELECT 1 FROM sync_runs WHERE status IN ('queued', 'running')"))
    check_state(rig, [refused, other])
