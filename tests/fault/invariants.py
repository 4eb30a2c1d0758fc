"""What must hold at the end of every scenario, whatever happened in it: contract, section 7."""
import contextlib
import re

from secrets_told import no_core_file_can_be, no_secret_is_told
from system import ACCOUNT, wait_for
from truth import assert_truth

STAGED = ["chunk_facts", "chunk_entities", "chunk_cursor"]
# Keys of work; progress of runs, budgets, heartbeats and counters stay.
WORK = ("job:*", "ready:*", "lease", "delayed", "dead", "gate:*", "domain:*", "flying")


def count(rig, sql):
    return rig.query(f"SELECT count(*) FROM {sql}")[0][0]


def no_chunk_is_open(rig, dead):
    wait_for("the end of the chunks", lambda: count(rig, "sync_chunks WHERE status IN ('queued', 'running')") == 0)
    lost = rig.query("SELECT kind, date_from, error_code, error FROM sync_chunks WHERE status = 'dead'")
    assert [row["error_code"] for row in lost] == dead, f"buried: {lost}"
    states = {row[0] for row in rig.query("SELECT DISTINCT status FROM sync_runs")}
    assert states == ({"partial"} if dead else {"succeeded"}), states


def nothing_is_staged(rig, dead):
    tables = STAGED + ([] if dead else ["run_totals"])  # those of a run that ended with a dead letter are tidied later
    wait_for("empty staging tables", lambda: not any(count(rig, table) for table in tables), 20)


def no_work_is_left_in_redis(rig, dead):
    client = rig.redis.client()

    def left():
        keys = [key for kind in WORK for key in client.keys("{metricx}:" + kind)]
        return [] if dead and all(key == "{metricx}:dead" or client.hget(key, "state") == "dead" for key in keys) else keys

    with contextlib.suppress(AssertionError):
        wait_for("an empty queue", lambda: not left(), 20)
    assert not left(), left()
    for key in client.keys("{metricx}:budget:*"):
        assert client.hget(key, "open") in (None, "0"), (key, client.hgetall(key))


def accounts(rig):
    """Of its connections."""
    return dict(rig.query("SELECT id::text, external_account_id FROM connections"))


def the_budget_held(rig, blocks):
    limit, window = int(rig.env["META_CALLS_PER_WINDOW"]), int(rig.env["META_WINDOW_SECONDS"])
    for account in accounts(rig).values():
        most = rig.sandbox.calls(account, window)["max_in_window"]
        assert most <= limit, f"{account}: {most} calls in {window} s, {limit} are allowed"
    no_call_in_a_block(rig, blocks)


def nothing_else_was_refused(rig):
    calls, limited = rig.calls_so_far(), sum(rig.sandbox.calls(account)["limited"] for account in (ACCOUNT, None))
    assert calls["refused"] - limited <= calls["faults_struck"], "calls were refused that no fault had refused"


def no_call_in_a_block(rig, blocks):
    """Of the accounts of its connections, and of the app (None): as many blocks as are meant, and no call in one."""
    for account in (None, *accounts(rig).values()):
        calls = rig.sandbox.calls(account)
        assert calls["in_block"] == 0, f"{account}: {calls['in_block']} calls in a block"
        assert calls["blocks"] <= blocks, f"{account}: {calls['blocks']} times blocked"


def calls_are_few(rig, undisturbed):
    calls = rig.calls_so_far()
    allowed = undisturbed + rig.vain + calls["faults_struck"] + sum(rig.sandbox.calls(a)["limited"] for a in (ACCOUNT, None))
    assert calls["total"] <= allowed, (
        f"{calls['total']} calls; {undisturbed} undisturbed, {rig.vain} may have been in vain, "
        f"{calls['faults_struck']} were answered in vain")


def nobody_crashed(rig):
    for member in rig.members.values():
        log = member.log()
        complaint = re.search(r"Sanitizer|runtime error:|CHECK failed", log)
        assert not complaint, f"{member.name}:\n{log[complaint.start() - 200:complaint.start() + 3000]}"
        assert member.process.poll() in (None, 0, -9), f"{member.name} ended with {member.process.returncode}:\n{log[-3000:]}"


def check_state(rig, connections, dead=(), blocks=0, **range_):
    """As if nothing had happened. dead: error codes of the chunks that are meant to be given up; blocks: how often a limit of
    Meta's may be met; from and to: the days that were asked for."""
    dead = list(dead)
    nobody_crashed(rig)
    no_chunk_is_open(rig, dead)
    for connection in connections:
        if not dead:
            assert_truth(rig, connection, accounts(rig)[connection], **{"from": rig.first_day(), **range_})
    no_work_is_left_in_redis(rig, dead)
    nothing_is_staged(rig, dead)
    the_budget_held(rig, blocks)
    no_secret_is_told(rig)
    no_core_file_can_be(rig)
    nobody_crashed(rig)


def check(rig, connections, undisturbed, **expected):
    """And it cost no more calls than the faults may have cost; expected: as of check_state."""
    check_state(rig, connections, **expected)
    nothing_else_was_refused(rig)
    calls_are_few(rig, undisturbed)
