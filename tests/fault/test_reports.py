"""Meta's reports go wrong in every way that is known of them: the tables become what they would have been."""
import pytest
from invariants import check
from scenario import ALL
from system import wait_for
from test_provider import FAULTS, SCENARIOS as BROKEN_ANSWERS

SETTINGS = {"PAGE_LIMIT": 40, "META_CALLS_PER_WINDOW": 200}
USUAL = dict(polls=0)
# What becomes of the reports, in the order in which they are asked for.
PLANS = {
    "failed at the start": dict(outcome="failed", percent=0, error_code=2, error_subcode=1504044),
    "failed at the end": dict(outcome="failed", percent=100, error_code=1, error_subcode=99, error_message="An unknown error occurred"),
    "skipped": dict(outcome="skipped"),
    "without its rows": dict(outcome="empty"),
    "gone between two pages": dict(outcome="gone"),
    "gone before it was ready": dict(outcome="vanished", percent=50),
    "never begun": dict(outcome="stuck", percent=0),
    "running for ever at 100 %": dict(outcome="stuck", percent=100),
    "running at 100 % for a while": dict(hold=1),
    "not seen at once": dict(unseen_ms=6000),
    "not loadable although ready": USUAL,
    "short of its fields": USUAL,
}
# Those are waited for half an hour, or two minutes when they are not found.
AWAITED = ("gone between two pages", "gone before it was ready", "never begun", "running for ever at 100 %")
ONCE = ("running at 100 % for a while", "not seen at once", "not loadable although ready", "short of its fields")
PAGES = {
    "not loadable although ready": dict(code=2601, subcode=1815107),
    "short of its fields": dict(code=100, message="(#100) Cannot include spend in summary param because they weren't there while "
                                                  "creating the report run. All available values are: "),
}
SCENARIOS = {"every way to fail": list(PLANS)}
if ALL:
    SCENARIOS |= {name: [name] for name in PLANS}


def report_id(n):
    return str(6023920149050 + 7919 * n)  # the sandbox counts so


def connect(rig):
    """A connection of which a day is known to be too much for a call."""
    connection = rig.connect()
    rig.query("INSERT INTO connection_limits (connection_id, what, days_limit, rung, learned_at) VALUES (%s, 'day', 1, 2, now())",
              connection)
    return connection


def pass_time(rig, reports):
    """Of these reports a long time has gone by."""
    rig.query("""UPDATE sync_chunks SET report_at = report_at - interval '31 minutes', report_moved_at = report_moved_at - interval '31 minutes'
                  WHERE report_id = ANY(%s) AND report_moved_at > now() - interval '30 minutes'""", reports)


def check_reports(rig, connection, undisturbed, made):
    seen = rig.sandbox.get("reports")
    assert seen["created"] == made
    rig.vain += seen["created"] + seen["polls"] + seen["pages"]
    check(rig, [connection], undisturbed)
    assert rig.query("SELECT DISTINCT state, cause FROM account_days") == [["verified", None]]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_report_is(make_rig, undisturbed, name):
    settings = {**SETTINGS, "BACKFILL_DAYS": len(PLANS) - 1}
    rig = make_rig(**settings)
    connection = connect(rig)
    for n, each in enumerate(SCENARIOS[name]):
        rig.sandbox.post("report", behind=n > 0, polls=0, count=1, **{k: v for k, v in PLANS[each].items() if k != "polls"})
        if each in PAGES:
            rig.fault(kind="error", match=f"{report_id(n)}/insights", status=400, **PAGES[each])
    rig.sandbox.post("report", behind=True, count=-1, **USUAL)
    rig.start_members()
    run = rig.begin(connection)
    awaited = [report_id(n) for n, each in enumerate(SCENARIOS[name]) if each in AWAITED]

    def ended():
        pass_time(rig, awaited)
        return rig.status(run) not in ("queued", "running")

    wait_for("the end of the run", ended)
    check_reports(rig, connection, undisturbed(**settings), len(PLANS) + sum(each not in ONCE for each in SCENARIOS[name]))


BROKEN = [FAULTS[name] for scenario in ("every broken body", "every broken transfer") for name in BROKEN_ANSWERS[scenario]]
# Which answers are broken, each of another report: that to the question for it, or that how it is.
ANSWERS = {"made": lambda n: {"match": "POST", "skip": n}, "polled": lambda n: {"match": f"{report_id(n)}?"}}


@pytest.mark.parametrize("when", ANSWERS)
def test_a_broken_answer_when_a_report_is(make_rig, undisturbed, when):
    """One whose id nobody heard is made anew; one that was heard of is not."""
    settings = {**SETTINGS, "BACKFILL_DAYS": len(BROKEN) - 1, "META_TIMEOUT_SECONDS": 4}
    rig = make_rig(**settings)
    connection = connect(rig)
    rig.sandbox.post("report", count=-1, polls=0)
    for n, fault in enumerate(BROKEN):
        rig.fault(**{**fault, **ANSWERS[when](n)})
    rig.start_members()
    rig.await_end(rig.begin(connection))
    assert rig.calls_so_far()["faults_struck"] == len(BROKEN)
    unheard = rig.sandbox.get("reports")["created"] - len(BROKEN)
    assert unheard == 0 if when == "polled" else 0 < unheard <= len(BROKEN)
    check_reports(rig, connection, undisturbed(**settings), len(BROKEN) + unheard)


@pytest.mark.skipif(not ALL, reason="long")
def test_no_report_has_its_rows(make_rig, undisturbed):
    """After the second one the day is asked for campaign by campaign."""
    settings = {**SETTINGS, "BACKFILL_DAYS": 1}
    rig = make_rig(**settings)
    connection = connect(rig)
    rig.sandbox.post("report", outcome="empty", polls=0)
    rig.start_members()
    rig.await_end(rig.begin(connection))
    rig.vain += 2 * 2 * 20  # the campaigns, and pages that each of them begins
    check_reports(rig, connection, undisturbed(**settings), 2 * 2)
    assert rig.query("SELECT DISTINCT rung FROM sync_chunks WHERE kind = 'metrics' AND NOT totals") == [[3]]
