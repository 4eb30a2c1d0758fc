"""Connections whose access is lost: who is asked for again and when, and what becomes of work that was given up."""
import json

import pytest

from store_client import Account, account, database, fact, store  # noqa: F401 (fixtures)
from system import ACCOUNT, TOKEN, wait_for
from truth import assert_truth

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"


def refuse(database, account, status="no_access", **columns):
    """As after a call that was refused, and its time has come."""
    columns = {"status": status, "error_code": status, "access_check_at": "2026-01-01"} | columns
    sets = ", ".join(f"{name} = %s" for name in columns)
    database.execute(f"UPDATE connections SET {sets} WHERE id = %s", *columns.values(), account.id)


def claimed(store):
    return store.ok("access_claim")["id"]


def with_token(database, *accounts):
    """All of one workspace, with one token."""
    token = accounts[0].insert("tokens", workspace_id=accounts[0].workspace, provider="meta", access_token_enc="enc")
    for each in accounts:
        each.workspace = accounts[0].workspace
        database.execute("UPDATE connections SET workspace_id = %s, token_id = %s, token_source = 'stored' WHERE id = %s",
                         each.workspace, token, each.id)
    return token


# ---- who is asked for, and when ----


def test_only_those_without_access_whose_time_has_come(database, store):
    accounts = {status: Account(database) for status in ("active", "paused", "needs_reauth", "no_access", "disabled")}
    for status, each in accounts.items():
        refuse(database, each, status)
    soon, gone, loose = (Account(database) for _ in range(3))
    refuse(database, soon, access_check_at="2999-01-01")
    refuse(database, gone, deleted_at="2026-01-01")
    refuse(database, loose, "disabled", token_source="none")  # only its data was kept
    unknown = Account(database)
    refuse(database, unknown, access_check_at=None)
    assert claimed(store) == unknown.id  # of before there were such times
    assert {claimed(store) for _ in range(3)} == {accounts[s].id for s in ("needs_reauth", "no_access", "disabled")}
    assert claimed(store) is None


def test_patience(account, database, store):
    refuse(database, account)
    pauses = []
    for n in range(9):
        assert claimed(store) == account.id
        assert claimed(store) is None  # put off before it is asked for, whatever becomes of who asks
        store.ok("access_refused", connection=account.id, status="no_access", why="still")
        pauses.append(account.row("round(extract(epoch FROM access_check_at - now()) / 60)")[0])
        refuse(database, account)
    assert pauses == [10, 20, 40, 80, 160, 320, 360, 360, 360]
    assert account.row("status_reason, access_checks") == ("still", 9)


def test_no_answer_is_no_refusal(account, database, store):
    refuse(database, account, "needs_reauth", access_checks=4)
    assert claimed(store) == account.id
    store.ok("access_unsaid", connection=account.id)
    assert account.row("status, access_checks, round(extract(epoch FROM access_check_at - now()) / 60)") == ("needs_reauth", 4, 5)


def test_access_that_flaps_is_asked_for_ever_more_rarely_until_a_sync_ends(account, database, store):
    def lose():
        chunk = account.chunk(account.run())
        store.ok("open", chunk=chunk)
        store.ok("put_back", chunk=chunk, fate="dead", connection_status="no_access", code="no_access", why="no")
        return account.row("round(extract(epoch FROM access_check_at - now()) / 60)")[0]

    for minutes in (5, 10, 20):
        assert lose() == minutes
        database.execute("UPDATE connections SET access_check_at = now()")
        assert claimed(store) == account.id
        store.ok("access_back", connection=account.id)
        database.execute("UPDATE sync_chunks SET status = 'cancelled'; UPDATE sync_runs SET status = 'failed'")
    account.slice(store, [fact("a1", D1)])
    assert lose() == 5


def test_one_asks_for_all_that_share_a_refused_token(database, store):
    mine, shared, barred = (Account(database) for _ in range(3))
    with_token(database, mine, shared, barred)
    refuse(database, mine, "needs_reauth")
    refuse(database, shared, "needs_reauth", access_check_at="2026-01-02")
    refuse(database, barred, "no_access", access_check_at="2026-01-03")
    assert claimed(store) == mine.id
    store.ok("access_refused", connection=mine.id, status="needs_reauth", why="still")
    assert shared.row("access_check_at") == mine.row("access_check_at")
    assert claimed(store) == barred.id  # of an account, not of the token
    assert claimed(store) is None
    store.ok("access_back", connection=mine.id)
    assert {claimed(store), claimed(store)} == {shared.id, barred.id}  # what brought it back may have brought these


def test_the_same_account_elsewhere_is_asked_for_too(database, store):
    mine, twin, other = (Account(database) for _ in range(3))
    for each in (mine, twin, other):
        refuse(database, each, access_check_at="2999-01-01")
    database.execute("UPDATE connections SET external_account_id = 'act_7' WHERE id IN (%s, %s)", mine.id, twin.id)
    store.ok("access_back", connection=mine.id)
    assert (claimed(store), claimed(store)) == (twin.id, None)


def test_held_connections_are_left_alone(account, database, store):
    refuse(database, account)
    store.ok("hold", connection=account.id, why="x")
    assert claimed(store) is None
    store.ok("release", connection=account.id)
    store.ok("hold", connection=None, why="x")
    assert claimed(store) is None
    store.ok("release", connection=None)
    assert claimed(store) == account.id


# ---- what was given up ----


def lose(store, chunk, word="no_access"):
    return store.ok("put_back", chunk=chunk, fate="dead", connection_status=word, code=word, why="no")


@pytest.mark.parametrize("way", ["by itself", "another token", "resumed", "connected again"])
def test_it_is_taken_up_where_it_was(account, store, database, way):
    token = with_token(database, account)
    runs = {planned: account.run("full", planned=planned) for planned in ("nothing", "first", "all")}
    chunks = [account.chunk(runs["first"], "entities"), account.chunk(runs["all"], day_to=D2), account.chunk(runs["all"], day_from=D3)]
    ended = account.chunk(account.run(), day_from=D1)
    store.ok("open", chunk=ended)
    store.ok("put_back", chunk=ended, fate="dead", code="bad_request", why="for another reason")
    store.ok("open", chunk=chunks[1])
    store.ok("stage", chunk=chunks[1], rows=[fact("a1", D1)], next="c2")
    store.ok("open", chunk=chunks[0])
    lose(store, chunks[0])
    assert {account.run_row(run, "status, planned") for run in runs.values()} == {("failed", "all")}
    if way == "by itself":
        store.ok("access_back", connection=account.id)
    elif way == "another token":
        fresh = account.insert("tokens", workspace_id=account.workspace, provider="meta", access_token_enc="fresh")
        store.ok("connection_token", id=account.id, token=fresh)
    elif way == "resumed":
        store.ok("connection_status", id=account.id, status="active")
    else:
        name, currency, timezone, number = account.row("name, currency, timezone, external_account_id")
        assert store.ok("connection_create", workspace=account.workspace, account=number, name=name, currency=currency,
                        timezone=timezone, token=token)["id"] == account.id
    assert account.row("status, status_reason, error_code") == ("active", None, None)
    assert {planned: account.run_row(run, "status, planned, error_code, finished_at") for planned, run in runs.items()} == {
        "nothing": ("queued", "nothing", None, None), "first": ("running", "first", None, None),
        "all": ("running", "all", None, None)}
    assert {account.chunk_row(chunk, "status, attempts, error_code") for chunk in chunks} == {("queued", 0, None)}
    assert account.chunk_row(ended, "status, error_code") == ("dead", "bad_request")
    assert {j["id"] for j in store.ok("open_jobs")["jobs"]} == set(chunks)
    for chunk, rows in zip(chunks[1:], ([fact("a1", D1)], [fact("a1", D3)])):
        assert store.ok("open", chunk=chunk)["page"] == 1
        state = store.ok("merge", chunk=chunk, rows=rows)
    assert (state["status"], state["chunks_done"], state["chunks_dead"]) == ("succeeded", 2, 0)


def test_an_equal_request_joins_what_is_taken_up(account, store, database):
    first = store.ok("run_create", connection=account.id, kind="full")["id"]
    database.execute("UPDATE sync_runs SET status = 'running', planned = 'first'")
    chunk = account.chunk(first, "entities")
    store.ok("open", chunk=chunk)
    lose(store, chunk)
    store.ok("access_back", connection=account.id)
    assert store.ok("run_create", connection=account.id, kind="full") == {"rc": "ok", "id": first, "existed": True}


def test_what_has_nothing_to_take_up_is_synced(account, store, database):
    refuse(database, account, "disabled")
    store.ok("access_back", connection=account.id)
    assert account.one("SELECT kind, trigger, status FROM sync_runs") == ("full", "connect", "queued")


def test_a_connection_that_was_paused_meanwhile_stays_paused(account, store, database):
    refuse(database, account, "paused")
    store.ok("access_back", connection=account.id)
    store.ok("access_refused", connection=account.id, status="no_access", why="x")
    assert account.row("status") == ("paused",)
    assert database.query("SELECT count(*) FROM sync_runs") == [(0,)]


def test_a_token_that_was_replaced_refuses_nobody(account, store, database):
    with_token(database, account)
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    fresh = account.insert("tokens", workspace_id=account.workspace, provider="meta", access_token_enc="fresh")
    store.ok("connection_token", id=account.id, token=fresh)
    assert "another token" in store.refused("conflict", "put_back", chunk=chunk, fate="dead", connection_status="needs_reauth",
                                            code="needs_reauth", why="the old one")
    assert account.row("status") == ("active",) and account.chunk_row(chunk, "status") == ("running",)
    store.ok("put_back", chunk=chunk, fate="yield")
    assert store.ok("open", chunk=chunk)["page"] == 1


# ---- one token for many ----


def test_a_new_token_for_one_is_for_all_that_were_refused_with_the_old(database, store):
    mine, shared, barred, well = (Account(database) for _ in range(4))
    old = with_token(database, mine, shared, barred, well)
    for each, status in ((mine, "needs_reauth"), (shared, "needs_reauth"), (barred, "no_access")):
        refuse(database, each, status, access_check_at="2999-01-01", access_checks=7)
    fresh = mine.insert("tokens", workspace_id=mine.workspace, provider="meta", access_token_enc="fresh")
    store.ok("connection_token", id=mine.id, token=fresh)
    assert mine.row("status, token_id") == ("active", fresh)
    assert shared.row("status, token_id") == ("needs_reauth", fresh)
    assert barred.row("status, token_id") == ("no_access", old) and well.row("status, token_id") == ("active", old)
    assert claimed(store) == shared.id
    assert shared.row("access_checks") == (1,)
    # And the old one is forgotten with the last that was refused with it.
    database.execute("UPDATE connections SET status = 'needs_reauth' WHERE id IN (%s, %s)", barred.id, well.id)
    store.ok("connection_token", id=well.id, token=fresh)
    assert database.query("SELECT id FROM tokens") == [(fresh,)]
    assert barred.row("token_id") == (fresh,)


def test_a_stored_token_that_is_replaced_is_tried_for_all(database, store):
    mine, barred, well = (Account(database) for _ in range(3))
    token = with_token(database, mine, barred, well)
    refuse(database, mine, "needs_reauth", access_check_at="2999-01-01", access_checks=7)
    refuse(database, barred, "no_access", access_check_at="2999-01-01", access_checks=7)
    store.ok("token_set", id=token, token_enc="fresh")
    assert {claimed(store), claimed(store), claimed(store)} == {mine.id, barred.id, None}


# ---- the whole ----


def shown(system, connection):
    return json.loads(system.metricx("connection", "show", connection, "--json"))


def due(system):
    system.query("UPDATE connections SET access_check_at = now()")


def test_checks_pass_the_budget_and_are_booked(make_system):
    system = make_system()
    connection = system.connect()
    system.sandbox.post("account", account=ACCOUNT, access=False)
    system.query("UPDATE connections SET status = 'no_access'")
    calls, booked = system.sandbox.calls()["total"], "SELECT sum(calls) FROM call_ledger WHERE scope = %s"
    before = system.query(booked, f"meta:{ACCOUNT}")[0][0]
    worker = system.worker()
    checks = "SELECT access_checks FROM connections WHERE error_code = 'no_access'"
    assert wait_for("the first check", lambda: system.query(checks)) == [[1]]
    assert "grant ads_management or ads_read" in shown(system, connection)["status_reason"]
    assert system.sandbox.calls()["total"] == calls + 1 and system.query(booked, f"meta:{ACCOUNT}")[0][0] == before + 1
    worker.kill()  # however often it dies, its successors wait
    system.worker()
    system.query("UPDATE connections SET settings = '{\"calls_per_window\": 1}'")
    wait_for("a look", lambda: "worker started" in system.daemons[-1].log())
    assert system.sandbox.calls()["total"] == calls + 1
    due(system)
    wait_for("a check that the budget forbids", lambda: "the budget allows no call" in system.daemons[-1].log())
    wait_for("that it does not count", lambda: system.query(checks) == [[1]])
    assert system.sandbox.calls()["total"] == calls + 1


def test_a_closed_account_that_opens_again(make_system):
    system = make_system(BACKFILL_DAYS=5)
    system.sandbox.post("clock", stop=True)
    system.sandbox.post("account", account=ACCOUNT, status=101)
    connection = system.connect(sync=True)
    system.scheduler()
    system.worker()
    due(system)
    wait_for("a check", lambda: system.query("SELECT access_checks FROM connections")[0][0] == 1)
    wait_for("its answer", lambda: '"asked again for a connection"' in system.daemons[-1].log())
    assert shown(system, connection)["status"] == "disabled"
    system.sandbox.post("account", account=ACCOUNT, status=1)
    due(system)
    wait_for("its first sync", lambda: system.query("SELECT 1 FROM sync_runs WHERE status = 'succeeded'"))
    assert shown(system, connection)["status"] == "active"
    first = system.query("SELECT (now() AT TIME ZONE timezone)::date - 5 FROM connections")[0][0]
    assert_truth(system, connection, **{"from": str(first)})


def test_an_account_that_closed_meanwhile(make_system):
    system = make_system()
    connection = system.connect()
    system.query("UPDATE connections SET status = 'needs_reauth', error_code = 'needs_reauth'")
    system.sandbox.post("account", account=ACCOUNT, status=101)
    system.worker()
    wait_for("the answer", lambda: shown(system, connection)["status"] == "disabled")
    row = shown(system, connection)
    assert (row["status_reason"], row["error_code"]) == ("the account is closed at the provider", None)


def test_everybody_that_shares_a_token_is_back_with_a_new_one(make_system):
    system = make_system(sandbox=("--accounts", "2"))
    workspace = system.metricx("workspace", "create", "shared")
    first = system.connect(workspace=workspace)
    token = shown(system, first)["token_id"]
    second = system.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", "act_1002",
                            "--token", token, "--no-sync")
    system.sandbox.post("token", token=TOKEN, state="revoked")
    system.sandbox.post("token", token="fresh-token", state="ok")
    system.scheduler()
    system.worker()
    for each in (first, second):
        system.metricx("sync", "--connection", each, "--entities", "--wait", code=1)
        assert shown(system, each)["status"] == "needs_reauth"
    system.metricx("connection", "token", first, "--stdin", stdin="fresh-token")
    wait_for("the other", lambda: shown(system, second)["status"] == "active")
    assert shown(system, second)["token_id"] == shown(system, first)["token_id"] != token
    wait_for("their syncs", lambda: not system.query("SELECT 1 FROM sync_runs WHERE status <> 'succeeded'"))
