"""Meta's limits on a faster clock, with settings that fit them and with ones that allow too much; and blocks of every code."""
import json
import time

import pytest
from invariants import check, check_state, no_call_in_a_block
from rig import TOKEN
from scenario import ALL
from system import wait_for

# Of Meta's: the account's score of its development tier, 60 calls in 300 s with blocks of 300 s; a quota of 200 in an hour.
TIERS = {"60 in 300 s": (("--tier", "development", "--limit-speed", "60"), 5, 60, {"PAGE_LIMIT": 50, "BACKFILL_DAYS": 70}),
         "200 in an hour": (("--limit-calls", "200", "--limit-speed", "240"), 15, 200, {"PAGE_LIMIT": 20})}
CASES = [(tier, factor, silent) for tier in TIERS for factor in (1, 2) for silent in (False, True)]


def limits_of(rig, scope):
    """In `metricx status`: the limit that counts, and the one that was learned."""
    [budget] = [b for b in json.loads(rig.metricx("status", "--json"))["budgets"] if b["scope"] == scope]
    return budget["limit"], budget["learned_limit"]


@pytest.mark.parametrize("tier, factor, silent", CASES if ALL else [("60 in 300 s", 2, True)])
def test_after_a_first_rejection_there_is_no_other(make_rig, undisturbed, tier, factor, silent):
    """A backfill while our limit is so many times Meta's; silent: no header says how it stands."""
    options, window, calls, more = TIERS[tier]
    settings = {"META_WINDOW_SECONDS": window, "META_CALLS_PER_WINDOW": calls * factor, **more}
    rig = make_rig(sandbox=options + (("--no-usage-headers",) if silent else ()), **settings)
    connection = rig.connect()
    rig.start_members()
    run = rig.begin(connection)
    if silent and factor > 1:
        assert rig.await_block("act_1001") > 50_000  # nobody says that the clock is fast
        time.sleep(window + 1)  # and for what is under way
        [(allowed, known)] = rig.query("SELECT calls_allowed(b), b.allowed FROM provider_blocks b")
        assert calls * 0.6 <= allowed < known <= calls * 1.1
        wait_for("the lesson in Redis", lambda: limits_of(rig, "meta:act_1001") == (allowed, allowed))
        rig.pass_blocks()
    assert rig.await_end(run) == "succeeded"
    needed = undisturbed(**settings)
    assert needed > 2 * calls + 10  # without the lesson there would be another rejection
    check(rig, [connection], needed, blocks=factor - 1)
    rig.metricx("connection", "set", connection, f"calls_per_window={calls}")  # who sets it knows better
    assert not rig.query("SELECT 1 FROM provider_blocks WHERE allowed IS NOT NULL")


# name: what Meta refuses with, for how long, and for how long then no call is made: from seconds to seconds, seen late.
MINUTE, HOUR = (45, 76), (3560, 3601)
OF_ACCOUNTS = {
    "17 by the score": (dict(code=17, subcode=2446079, ms=4000), (1, 4.1)),
    "17 unsaid": (dict(code=17, subcode=2446079, ms=300_000, silent=True), (45, 60.1)),  # known, by the tier
    "32": (dict(code=32, ms=60_000, silent=True), MINUTE),
    "368": (dict(code=368, ms=3_600_000), HOUR),
    "613 of the account": (dict(code=613, subcode=1487742, ms=4000), (1, 4.1)),
    "80000": (dict(code=80000, subcode=2446079, ms=4000), (1, 4.1)),
    "80000 unsaid": (dict(code=80000, subcode=2446079, ms=60_000, silent=True), MINUTE),
    "80003": (dict(code=80003, subcode=2446079, ms=4000), (1, 4.1)),
    "80004": (dict(code=80004, subcode=2446079, ms=4000), (1, 4.1)),
    "80004 with 429": (dict(code=80004, status=429, subcode=2446079, ms=4000), (1, 4.1)),
}
SMALL = {"BACKFILL_DAYS": 20, "META_CALLS_PER_WINDOW": 200}


def begin_all(rig, accounts):
    """A backfill of each account; their connections and runs."""
    workspace = rig.metricx("workspace", "create", "all")
    connections = {account: rig.connect(account=account, workspace=workspace) for account in accounts}
    return connections, lambda: {account: rig.begin(connections[account]) for account in accounts}


def hurt(rig):
    """Whatever restarts, no call is made in a block."""
    rig.flush_redis()
    rig.restart_redis()
    rig.restart_postgres()
    for name in rig.members:
        rig.restart(name)
    wait_for("budgets that are seeded", lambda: rig.redis.client().keys("{metricx}:budget:*"))


def all_is_well(rig, connections, runs, blocks):
    for account in connections:
        assert rig.await_end(runs[account], 300) == "succeeded"
    check_state(rig, connections.values(), blocks=blocks)
    [row] = rig.query("SELECT max(attempts), max(deliveries), count(*) FILTER (WHERE status <> 'done') FROM sync_chunks")
    assert tuple(row) == (0, 1, 0), "throttling costs neither attempts nor deliveries"


def test_each_code_blocks_its_account_for_its_time(make_rig):
    accounts = [f"act_{1001 + i}" for i in range(len(OF_ACCOUNTS) + 1)]
    *blocked, free = accounts
    rig = make_rig(sandbox=("--accounts", str(len(accounts)), "--limit-speed", "60"), **SMALL)
    connections, begin = begin_all(rig, accounts)
    for account, (what, _) in zip(blocked, OF_ACCOUNTS.values()):
        rig.block(account, after=3, **what)
    rig.start_members()
    runs = begin()
    for account, (name, (_, (least, most))) in zip(blocked, OF_ACCOUNTS.items()):
        seconds = rig.await_block(account) / 1000
        assert seconds <= most and (seconds >= least or most < 5), f"{name}: {seconds} s"
    unsaid = [a for a, (_, (_, most)) in zip(blocked, OF_ACCOUNTS.values()) if most > 5]
    for account in set(accounts) - set(unsaid):
        assert rig.await_end(runs[account]) == "succeeded"
    hurt(rig)
    checked = rig.metricx("connection", "create", "--workspace", rig.metricx("workspace", "create", "other"), "--provider", "meta",
                          "--account", unsaid[0], "--token-stdin", stdin=TOKEN, code=None)
    assert checked.returncode == 1 and "the budget allows no call" in checked.stderr
    time.sleep(2)
    no_call_in_a_block(rig, 1)
    assert all(rig.status(runs[account]) == "running" for account in unsaid)
    wait_for("blocks that all know of again", lambda: all((rig.blocked_ms(account) or 0) > 0 for account in unsaid))
    rig.pass_blocks()
    all_is_well(rig, connections, runs, 1)


# One after another; who waited in vain waits for twice as long, an hour at most.
OF_THE_APP = [(dict(status=403, code=4), MINUTE), (dict(code=4, subcode=1504022), (118, 151)), (dict(code=613), (290, 376))]
if ALL:
    OF_THE_APP += [(dict(code=4, subcode=1504039), (590, 751)), (dict(code=341), HOUR), (dict(code=4), HOUR)]


def test_each_code_of_the_app_blocks_all_accounts(make_rig):
    accounts = ["act_1001", "act_1002"]
    rig = make_rig(sandbox=("--accounts", "2"), **SMALL)
    connections, begin = begin_all(rig, accounts)
    rig.block(after=4, ms=3_600_000, **OF_THE_APP[0][0])
    rig.start_members()
    runs = begin()
    for i, (what, (least, most)) in enumerate(OF_THE_APP):
        if i > 0:
            rig.pass_blocks()
            rig.block(after=2, ms=3_600_000, **what)
        wait_for("a refusal", lambda: rig.sandbox.calls(None)["blocks"] > i)
        met = rig.await_block()
        assert least <= met / 1000 <= most, f"{what}: {met} ms"
        if i in (0, 3):
            hurt(rig)
        time.sleep(1.5)
        no_call_in_a_block(rig, i + 1)
        assert [rig.status(run) for run in runs.values()] == ["running"] * 2
    rig.pass_blocks()
    all_is_well(rig, connections, runs, len(OF_THE_APP))


@pytest.mark.skipif(not ALL, reason="METRICX_FAULTS=all")
def test_reports_are_not_looked_at_during_a_block(make_rig):
    rig = make_rig(sandbox=("--limit-speed", "60"), **{**SMALL, "BACKFILL_DAYS": 2, "CHUNK_DAYS": 1})
    rig.sandbox.post("too-much", rows=1, unless_report=True)
    rig.sandbox.post("report", ms=3000, polls=0)
    connections, begin = begin_all(rig, ["act_1001"])
    rig.start_members()
    runs = begin()
    wait_for("a report", lambda: rig.query("SELECT 1 FROM sync_chunks WHERE report_id IS NOT NULL"))
    rig.block("act_1001", code=80000, subcode=2446079, ms=9000)
    rig.await_block("act_1001")
    hurt(rig)
    all_is_well(rig, connections, runs, 1)
    made = rig.sandbox.get("reports")["created"]
    assert made == rig.query("SELECT sum(reports_made) FROM sync_chunks")[0][0]


@pytest.mark.skipif(not ALL, reason="METRICX_FAULTS=all")
def test_the_quota_of_the_app_is_kept_by_its_header(make_rig):
    rig = make_rig(sandbox=("--accounts", "2", "--app-limit-calls", "60", "--limit-speed", "360"), META_WINDOW_SECONDS=10,
                   PAGE_LIMIT=50)
    connections, begin = begin_all(rig, ["act_1001", "act_1002"])
    rig.start_members()
    all_is_well(rig, connections, begin(), 0)
    assert rig.sandbox.calls(None)["total"] > 200
