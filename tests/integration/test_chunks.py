"""A chunk between the queue and the database: opened, staged, put back, given up."""
import calendar
import datetime
import time
import zoneinfo

import pytest

from store_client import Account, account, database, fact, store  # noqa: F401 (fixtures)
from system import wait_for

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"


def ledger(account):
    return dict(account.database.query("SELECT scope, sum(calls)::int FROM call_ledger GROUP BY 1"))


def test_days_dropped_since_are_not_asked_for(account, store):
    """A chunk of the oldest days that was planned before midnight, or waited for its retry."""
    today = datetime.datetime.now(zoneinfo.ZoneInfo("UTC")).date()
    month = today.year * 12 + today.month - 1 - 37
    last = calendar.monthrange(month // 12, month % 12 + 1)[1]
    oldest = datetime.date(month // 12, month % 12 + 1, min(today.day, last)) + datetime.timedelta(1)
    run = account.run()
    chunk = account.chunk(run, day_from=str(oldest - datetime.timedelta(2)), day_to=str(oldest + datetime.timedelta(2)))
    opened = store.ok("open", chunk=chunk)
    assert (opened["from"], opened["to"]) == (str(oldest), str(oldest + datetime.timedelta(2)))
    store.ok("merge", chunk=chunk, rows=[fact("a1", str(oldest))])
    assert account.one("SELECT count(*) FROM account_days")[0] == 3


def test_a_chunk_is_found_by_its_id_among_many(account, store, database):
    """Statistics of a quiet hour say that hardly any chunk is open: then the worst minute comes."""
    run, chunks = account.run(), """INSERT INTO sync_chunks (run_id, connection_id, kind, date_from, date_to, ordinal, status)
                                    SELECT %s, %s, 'metrics', date '2026-10-01', date '2026-10-01', 2, %s FROM generate_series(1, %s)"""
    database.execute(chunks, run, account.id, "done", 20000)
    database.execute("ANALYZE")
    database.execute(chunks, run, account.id, "queued", 3000)
    looked = "SELECT coalesce(sum(idx_tup_read), 0)::int FROM pg_stat_user_indexes WHERE indexrelname = 'sync_chunks_open'"
    before = account.one(looked)[0]
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    store.ok("merge", chunk=chunk, rows=[fact("a2", D1)])
    store.close()  # its session has told what it read
    wait_for("its statistics", lambda: account.one("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'sync_chunks_pkey'")[0] > 2)
    assert account.one(looked)[0] - before < 3000


def test_a_yield_unbooks_the_call_that_was_not_made(account, store, database):
    scope = f"meta:{account.row('external_account_id')[0]}"
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    assert ledger(account) == {scope: 2, "meta:app": 2}
    store.ok("put_back", chunk=chunk, fate="yield", code="throttled", why="no call is granted now", calls=0)
    assert ledger(account) == {scope: 1, "meta:app": 1}
    assert store.ok("open", chunk=chunk)["page"] == 2
    assert ledger(account) == {scope: 2, "meta:app": 2}
    store.ok("put_back", chunk=chunk, fate="retry", code="transient", why="Meta said 500", delay_ms=0, calls=1)
    assert ledger(account) == {scope: 2, "meta:app": 2}


def seconds_of(account):
    rows = account.database.query("SELECT scope, array_agg(calls ORDER BY bucket)::int[] FROM call_ledger GROUP BY 1")
    return dict(rows)


def next_second(database):
    """Waits until what is booked from now on lies in another second."""
    (now,), = database.query("SELECT date_trunc('second', clock_timestamp())")
    while database.query("SELECT date_trunc('second', clock_timestamp())")[0][0] == now:
        time.sleep(0.05)


@pytest.mark.parametrize("first_yields", [True, False])
def test_a_yield_unbooks_its_own_call_and_no_other_jobs(account, store, database, first_yields):
    """Two jobs of one account, one a second after the other; one of them makes its call."""
    scope = f"meta:{account.row('external_account_id')[0]}"
    one, two = account.chunk(account.run()), account.chunk(account.run())
    store.ok("open", chunk=one)
    next_second(database)
    store.ok("open", chunk=two)
    assert seconds_of(account) == {scope: [1, 1], "meta:app": [1, 1]}
    store.ok("put_back", chunk=one if first_yields else two, fate="yield", code="throttled", why="no call now", calls=0)
    left = [0, 1] if first_yields else [1, 0]
    assert seconds_of(account) == {scope: left, "meta:app": left}


def test_a_booking_that_is_gone_is_taken_from_no_other_second(account, store, database):
    scope = f"meta:{account.row('external_account_id')[0]}"
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    for table_edit in ("UPDATE call_ledger SET bucket = bucket - interval '20 minutes'",
                       "INSERT INTO call_ledger SELECT scope, bucket + interval '20 minutes 5 seconds', 1 FROM call_ledger"):
        database.execute(table_edit)
    store.ok("put_back", chunk=chunk, fate="yield", code="throttled", why="no call is granted now", calls=0)
    assert seconds_of(account) == {scope: [1, 1], "meta:app": [1, 1]}


# ---- opening ----

def test_open_says_everything(account, store, database):
    token = account.insert("tokens", workspace_id=account.workspace, provider="meta", access_token_enc="gAAAA-x")
    database.execute("UPDATE connections SET token_id = %s, token_source = 'stored', timezone = 'Asia/Tokyo'", token)
    run = account.run(interactive=True, status="queued")
    chunk = account.chunk(run)
    opened = store.ok("open", chunk=chunk)
    assert opened == {"rc": "ok", "run_id": run, "connection_id": account.id, "workspace_id": account.workspace,
                      "provider": "meta", "account": account.row("external_account_id")[0], "currency": "USD",
                      "timezone": "Asia/Tokyo", "kind": "metrics", "from": D1, "to": D3, "hourly": False, "lane": "high",
                      "epoch": 1, "attempts": 0, "deliveries": 1, "page": 1, "cursor": None, "rows": 0, "calls": 0,
                      "token_enc": "gAAAA-x", "checking": False, "reread": False, "since": 0, "stubs": False, "lookups": "",
                      "shape": "rung 0, page 0, days 0", "report": "", "asked_report": None}
    assert account.chunk_row(chunk, "status, epoch, worker, started_at IS NOT NULL") == ("running", 1, "w1", True)
    assert account.run_row(run, "status, started_at IS NOT NULL") == ("running", True)
    listing = account.chunk(account.run("entities", granularity="day"), "entities")
    opened = store.ok("open", chunk=listing)
    assert (opened["kind"], opened["from"], opened["to"], opened["lane"]) == ("entities", "", "", "low")


def test_pages_and_the_place_to_go_on(account, store, database):
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    assert store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")["page"] == 2
    assert store.ok("stage", chunk=chunk, rows=[], next="c3")["page"] == 3
    opened = store.ok("open", chunk=chunk)
    assert [opened[k] for k in ("page", "cursor", "rows", "calls", "epoch", "deliveries")] == [3, "c3", 1, 2, 2, 1]
    database.execute("UPDATE chunk_cursor SET saved_at = saved_at - interval '16 minutes'")
    opened = store.ok("open", chunk=chunk)
    assert [opened[k] for k in ("page", "cursor", "rows", "calls")] == [1, None, 0, 2]
    assert database.query("SELECT count(*) FROM chunk_facts") == [(0,)]
    state = store.ok("merge", chunk=chunk, rows=[fact("a1", D2)])
    assert (state["rows"], state["calls"]) == (1, 3)
    assert account.chunk_row(chunk, "status, rows, calls, rows_inserted") == ("done", 1, 3, 1)


def test_every_call_is_booked_before_it_is_made(account, store):
    scope = "meta:" + account.row("external_account_id")[0]
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    assert ledger(account) == {scope: 1, "meta:app": 1}
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    assert ledger(account) == {scope: 2, "meta:app": 2}
    store.ok("merge", chunk=chunk, rows=[])
    store.refused("conflict", "open", chunk=chunk)
    assert ledger(account) == {scope: 2, "meta:app": 2}
    account.database.execute("UPDATE call_ledger SET bucket = bucket - interval '1 hour'")
    other = account.chunk(account.run())
    store.ok("open", chunk=other)
    booked = account.database.query("SELECT scope, sum(calls)::int FROM call_ledger"
                                    " WHERE bucket > now() - interval '30 minutes' GROUP BY 1")
    assert dict(booked) == {scope: 1, "meta:app": 1} and ledger(account) == {scope: 3, "meta:app": 3}


@pytest.mark.parametrize("sql, word", [
    ("UPDATE sync_chunks SET status = 'done'", "is done"), ("UPDATE sync_chunks SET status = 'cancelled'", "is cancelled"),
    ("UPDATE sync_runs SET status = 'cancelled'", "is cancelled"), ("UPDATE connections SET status = 'paused'", "is paused"),
    ("UPDATE connections SET status = 'needs_reauth'", "is needs_reauth"),
    ("UPDATE connections SET deleted_at = now()", "is deleted"),
    ("UPDATE connections SET token_source = 'none'", "has no token"),
    ("UPDATE connections SET token_source = 'stored'", "has no token"), ("DELETE FROM sync_chunks", "there is no chunk")])
def test_what_is_not_to_be_done_now_is_not_opened(account, store, database, sql, word):
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    before = database.query("SELECT epoch FROM sync_chunks"), ledger(account)
    database.execute(sql)
    error = store.refused("conflict", "open", chunk=chunk)
    assert word in error and "SQLSTATE" not in error
    assert ledger(account) == before[1]
    assert database.query("SELECT count(*) FROM chunk_facts") == [(1,)]
    assert database.query("SELECT epoch FROM sync_chunks") in (before[0], [])


def test_a_poison_job_is_given_up(account, store):
    run = account.run()
    chunk = account.chunk(run)
    for delivery in (1, 2, 3):
        assert store.ok("open", chunk=chunk, max_deliveries=3)["deliveries"] == delivery
    error = store.refused("poison", "open", chunk=chunk, max_deliveries=3)
    assert "3 times" in error
    assert account.chunk_row(chunk, "status, error_code, deliveries") == ("dead", "poison", 3)
    assert account.run_row(run, "status, chunks_dead, error_code, finished_at IS NOT NULL") == ("failed", 1, "poison", True)
    assert account.database.query("SELECT DISTINCT state, cause FROM account_days") == [("failing", "poison")]
    store.refused("conflict", "open", chunk=chunk)
    assert account.database.query("SELECT count(*) FROM chunk_cursor") == [(0,)]


def test_an_opening_whose_answer_was_lost_is_one_start(account, store):
    chunk = account.chunk(account.run())
    assert store.ok("open", chunk=chunk)["deliveries"] == 1
    assert [store.ok("open", chunk=chunk, again=1)["deliveries"] for _ in range(6)] == [1] * 6
    assert store.ok("open", chunk=chunk)["deliveries"] == 2
    account.database.execute("UPDATE sync_chunks SET worker = 'another'")
    assert store.ok("open", chunk=chunk, again=1)["deliveries"] == 3


def test_a_committed_page_starts_the_count_again(account, store):
    chunk = account.chunk(account.run())
    deliveries = []
    for turn in range(8):
        opened = store.ok("open", chunk=chunk, max_deliveries=3)
        deliveries.append(opened["deliveries"])
        if turn % 3 == 2:
            store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next=f"c{turn}")
    assert deliveries == [1, 2, 3, 1, 2, 3, 1, 2]


# ---- putting back ----

def test_orderly_ends_cost_no_delivery(account, store):
    chunk = account.chunk(account.run())
    for _ in range(12):
        assert store.ok("open", chunk=chunk, max_deliveries=2)["deliveries"] == 1
        answer = store.ok("put_back", chunk=chunk, fate="yield", code="throttled", why="the budget", delay_ms=60000)
        assert not answer["dead"] and answer["status"] == "running" and not answer["ended"]
    assert account.chunk_row(chunk, "status, attempts, deliveries, error_code, retry_at > now() + interval '50 seconds'") == \
        ("queued", 0, 0, None, True)


def test_retry_keeps_the_place_and_restart_does_not(account, store, database):
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    answer = store.ok("put_back", chunk=chunk, fate="retry", code="transient", why="Meta said 500", delay_ms=5000, calls=1)
    assert not answer["dead"]
    assert account.chunk_row(chunk, "status, attempts, deliveries, error_code, error, calls, retry_at > now()") == \
        ("queued", 1, 0, "transient", "Meta said 500", 1, True)
    assert store.ok("open", chunk=chunk)["page"] == 2
    assert account.chunk_row(chunk, "retry_at") == (None,)
    store.ok("put_back", chunk=chunk, fate="restart", code="gone", why="the cursor expired", calls=1)
    assert database.query("SELECT (SELECT count(*) FROM chunk_facts), (SELECT count(*) FROM chunk_cursor)") == [(0, 0)]
    opened = store.ok("open", chunk=chunk)
    assert [opened[k] for k in ("page", "attempts", "calls", "deliveries")] == [1, 2, 3, 1]
    store.ok("merge", chunk=chunk, rows=[fact("a1", D1)])
    assert account.chunk_row(chunk, "status, error_code, error, calls") == ("done", None, None, 4)


def test_the_last_attempt_makes_a_dead_letter(account, store, database):
    run = account.run()
    chunk, other = account.chunk(run, day_to=D2), account.chunk(run, day_from=D3)
    for attempt in (1, 2, 3):
        store.ok("open", chunk=chunk)
        if attempt == 3:
            store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
        answer = store.ok("put_back", chunk=chunk, fate="retry", code="transient", why=f"try {attempt}", max_attempts=3, calls=1)
        assert answer["dead"] == (attempt == 3)
    assert (answer["status"], answer["ended"], answer["chunks_dead"]) == ("running", False, 1)
    assert account.chunk_row(chunk, "status, error, attempts, calls, finished_at IS NOT NULL") == ("dead", "try 3", 3, 4, True)
    assert database.query("SELECT count(*) FROM chunk_facts") == [(0,)]
    assert database.query("SELECT event_date::text, state, cause FROM account_days ORDER BY 1") == \
        [(D1, "failing", "transient"), (D2, "failing", "transient")]
    store.ok("open", chunk=other)
    state = store.ok("merge", chunk=other, rows=[fact("a1", D3)])
    assert (state["status"], state["ended"], state["chunks_done"], state["chunks_dead"], state["calls"]) == ("partial", True, 1, 1, 5)
    assert account.run_row(run, "status, error_code, error, calls") == ("partial", "transient", "try 3", 5)


def test_a_day_whose_latest_reading_failed_says_so_and_keeps_its_numbers(account, store, database):
    early = account.chunk(account.run())
    account.slice(store, [fact("a1", D3)], day_from=D3)
    known = "SELECT event_date::text, state, cause, rows FROM account_days ORDER BY 1"
    before = account.facts(), account.one("SELECT read_at, run_id FROM account_days")
    late = account.chunk(account.run(), day_from=D2)
    store.ok("open", chunk=late)
    store.ok("put_back", chunk=late, fate="dead", code="bad_request", why="x")
    assert database.query(known) == [(D2, "failing", "bad_request", 0), (D3, "failing", "bad_request", 1)]
    assert (account.facts(), account.one("SELECT read_at, run_id FROM account_days WHERE event_date = %s", D3)) == before
    account.slice(store, [fact("a1", D3)], day_from=D3)
    assert database.query(known)[1:] == [(D3, "stored", None, 1)]
    # What was wanted before the stored reading began, and failed only now, is not missed.
    store.ok("open", chunk=early)
    store.ok("put_back", chunk=early, fate="dead", code="transient", why="x")
    assert database.query(known) == [(D1, "failing", "transient", 0), (D2, "failing", "transient", 0), (D3, "stored", None, 1)]
    assert account.slice(store, [fact("a1", D1)])["status"] == "succeeded"
    assert database.query("SELECT DISTINCT state, cause FROM account_days") == [("stored", None)]


@pytest.mark.parametrize("word", ["needs_reauth", "no_access"])
def test_a_refused_account_ends_all_its_work(account, store, database, word):
    other = Account(database)
    bystander = other.chunk(other.run())
    runs = [account.run(), account.run(), account.run("full", planned="first"), account.run("full", planned="nothing")]
    done, mine, third = account.chunk(runs[0]), account.chunk(runs[0]), account.chunk(runs[1])
    for chunk in (done, mine, third):
        store.ok("open", chunk=chunk)
        store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    store.ok("merge", chunk=done, rows=[])
    answer = store.ok("put_back", chunk=mine, fate="dead", code=word, why="Meta: (#190) expired", calls=1, connection_status=word)
    assert answer["dead"] and answer["status"] == "partial" and answer["ended"]
    assert [account.run_row(run, "status, error_code") for run in runs] == [("partial", word)] + [("failed", word)] * 3
    assert account.row("status, status_reason, error_code") == (word, "Meta: (#190) expired", word)
    assert account.chunk_row(third, "status, error_code, calls") == ("dead", word, 1)
    assert database.query("SELECT count(*) FROM chunk_facts") == [(0,)]
    assert other.chunk_row(bystander, "status") == ("queued",) and other.row("status") == ("active",)
    store.refused("fenced", "merge", chunk=third, rows=[])
    store.refused("conflict", "open", chunk=third)
