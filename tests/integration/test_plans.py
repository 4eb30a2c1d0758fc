"""Runs: asked for, planned into chunks, due, cancelled, retried, forgotten."""
import datetime
import re
import time
import uuid

from store_client import Account, account, database, entity, fact, store  # noqa: F401 (fixtures)

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"
NOBODY = str(uuid.uuid4())
NOTHING, FIRST, SAMPLE = 0, 1, 2  # how far a run is planned


# ---- runs ----

def test_equal_requests_join_the_open_run(account, store, database):
    first = store.ok("run_create", connection=account.id, kind="metrics")
    assert not first["existed"]
    assert store.ok("run_create", connection=account.id, kind="metrics", interactive=True) == first | {"existed": True}
    assert account.run_row(first["id"], "interactive, force, status, planned, trigger") == \
        (True, False, "queued", "nothing", "manual")
    store.ok("run_create", connection=account.id, kind="metrics", force=True)
    assert account.run_row(first["id"], "force") == (True,)
    others = [store.ok("run_create", connection=account.id, **more) for more in (
        {"kind": "entities"}, {"kind": "full"}, {"kind": "metrics", "granularity": "hour"},
        {"kind": "metrics", "from": D1, "to": D2}, {"kind": "metrics", "from": D1, "to": D3})]
    assert len({first["id"]} | {o["id"] for o in others}) == 6 and not any(o["existed"] for o in others)
    database.execute("UPDATE sync_runs SET status = 'succeeded'")
    assert not store.ok("run_create", connection=account.id, kind="metrics")["existed"]
    given = str(uuid.uuid4())
    assert store.ok("run_create", connection=account.id, kind="full", id=given) == {"rc": "ok", "id": given, "existed": False}
    database.execute("UPDATE sync_runs SET status = 'failed'")
    assert store.ok("run_create", connection=account.id, kind="full", id=given) == {"rc": "ok", "id": given, "existed": True}


def test_a_due_time_is_one_run(account, store, database):
    due = {"connection": account.id, "kind": "metrics", "trigger": "intraday", "due_at_ms": 1_790_000_000_000}
    first = store.ok("run_create", **due)
    database.execute("UPDATE sync_runs SET status = 'succeeded'")
    assert store.ok("run_create", **due) == first | {"existed": True}
    assert account.run_row(first["id"], "extract(epoch FROM due_at)::bigint") == (1_790_000_000,)


def test_requests_that_cannot_be_obeyed(account, store, database):
    today = datetime.datetime.now(datetime.timezone.utc).date()

    def refused(rc, **more):
        return store.refused(rc, "run_create", **{"connection": account.id, "kind": "metrics"} | more)

    assert NOBODY in refused("not_found", connection=NOBODY)
    assert "'; DROP" in refused("not_found", connection="'; DROP TABLE")
    assert "from" in refused("bad_input", **{"from": D2, "to": D1})
    assert "future" in refused("bad_input", **{"from": D1, "to": str(today + datetime.timedelta(3))})
    assert re.search(r"\d{4}-\d\d-\d\d", refused("bad_input", **{"from": "2001-01-01", "to": D1}))
    assert "from" in refused("bad_input", to=D1)
    assert "kind" in refused("bad_input", kind="all")
    assert "granularity" in refused("bad_input", granularity="week")
    assert "UUID" in refused("bad_input", id="seven")
    database.execute("UPDATE connections SET status = 'needs_reauth', status_reason = 'token expired'")
    error = refused("conflict")
    assert "needs_reauth" in error and "token expired" in error
    database.execute("UPDATE connections SET status = 'active', token_source = 'none'")
    assert "no token" in refused("conflict")
    assert database.query("SELECT count(*) FROM sync_runs") == [(0,)]


def test_today_is_the_accounts(database, store):
    """At any instant Kiribati has a day that Samoa's other side does not have yet."""
    east, west = Account(database, zone="Pacific/Kiritimati"), Account(database, zone="Pacific/Pago_Pago")
    now = datetime.datetime.now(datetime.timezone.utc)
    day = str((now + datetime.timedelta(hours=14)).date())
    store.ok("run_create", connection=east.id, kind="metrics", **{"from": day, "to": day})
    store.refused("bad_input", "run_create", connection=west.id, kind="metrics", **{"from": day, "to": day})


def test_cancel(account, store, database):
    run = account.run()
    chunks = [account.chunk(run) for _ in range(3)]
    for chunk in chunks[:2]:
        store.ok("open", chunk=chunk)
        store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    store.ok("merge", chunk=chunks[0], rows=[])
    assert sorted(store.ok("run_cancel", run=run)["chunks"]) == sorted(chunks[1:])
    assert account.run_row(run, "status, chunks_total, chunks_done, calls, finished_at IS NOT NULL") == ("cancelled", 3, 1, 3, True)
    assert [account.chunk_row(c, "status")[0] for c in chunks] == ["done", "cancelled", "cancelled"]
    assert database.query("SELECT (SELECT count(*) FROM chunk_facts), (SELECT count(*) FROM chunk_cursor)") == [(0, 0)]
    store.refused("fenced", "merge", chunk=chunks[1], rows=[])
    assert "cancelled" in store.refused("conflict", "run_cancel", run=run)
    assert NOBODY in store.refused("not_found", "run_cancel", run=NOBODY)
    store.refused("not_found", "run_cancel", run="x")


# ---- dead letters ----

def test_retrying_a_dead_letter_runs_its_run_again(account, store, database):
    run = account.run()
    dead, done = account.chunk(run, day_to=D2), account.chunk(run, day_from=D3)
    store.ok("open", chunk=dead)
    store.ok("put_back", chunk=dead, fate="dead", code="bad_request", why="x", calls=2)
    store.ok("open", chunk=done)
    assert store.ok("merge", chunk=done, rows=[])["status"] == "partial"
    database.execute("UPDATE sync_runs SET reopened = false")
    # An equal run is open by now: both go on.
    equal = store.ok("run_create", connection=account.id, kind="metrics")
    assert store.ok("dead_retry", chunk=dead)["count"] == 1
    assert account.run_row(run, "status, finished_at, error_code, chunks_dead, reopened") == ("running", None, None, 0, True)
    assert account.chunk_row(dead, "status, attempts, deliveries, error, finished_at") == ("queued", 0, 0, None, None)
    assert store.ok("run_create", connection=account.id, kind="metrics")["id"] == equal["id"]
    store.ok("open", chunk=dead)
    state = store.ok("merge", chunk=dead, rows=[])
    assert (state["status"], state["calls"], state["chunks_done"], state["chunks_dead"]) == ("succeeded", 4, 2, 0)
    assert account.run_row(run, "error_code") == (None,)
    assert dead in store.refused("not_found", "dead_retry", chunk=dead)


def test_all_dead_letters_and_dropped_ones(account, store):
    run = account.run()
    chunks = [account.chunk(run) for _ in range(3)]
    for chunk in chunks:
        store.ok("open", chunk=chunk)
        state = store.ok("put_back", chunk=chunk, fate="dead", code="bad_request", why="x")
    assert state["status"] == "failed"
    assert store.ok("dead_drop", chunk=chunks[0])["count"] == 1
    store.refused("not_found", "dead_drop", chunk=chunks[0])
    store.refused("not_found", "dead_drop", chunk="x")
    assert account.run_row(run, "status") == ("failed",)
    assert store.ok("dead_retry", chunk=None)["count"] == 2
    assert store.ok("dead_retry", chunk=None)["count"] == 0
    assert [account.chunk_row(c, "status")[0] for c in chunks] == ["cancelled", "queued", "queued"]


# ---- planning ----

def test_the_lease_is_one_schedulers(store, database):
    first = store.ok("lease", holder="one", ttl_ms=60000)
    assert first["leading"] and not store.ok("lease", holder="two", ttl_ms=60000)["leading"]
    assert store.ok("lease", holder="one", ttl_ms=60000) == first
    database.execute("UPDATE scheduler_lease SET until = now()")
    second = store.ok("lease", holder="two", ttl_ms=60000)
    assert second["leading"] and second["since"] > first["since"]
    store.ok("lease_release", holder="one")
    assert not store.ok("lease", holder="one", ttl_ms=60000)["leading"]
    store.ok("lease_release", holder="two")
    assert store.ok("lease", holder="one")["leading"]


def test_a_lease_of_a_clock_that_ran_ahead_is_none(store, database):
    store.ok("lease", holder="one", ttl_ms=60000)
    database.execute("UPDATE scheduler_lease SET until = until + interval '50 seconds'")
    assert not store.ok("lease", holder="two", ttl_ms=60000)["leading"]
    database.execute("UPDATE scheduler_lease SET until = until + interval '2 hours'")
    assert store.ok("lease", holder="two", ttl_ms=60000)["leading"]


def test_lanes(account, store):
    """A person's newest slices, then the nightly work, then all else."""
    for trigger, interactive, lanes in [("manual", True, ["high", "low"]), ("external", False, ["low", "low"]),
                                        ("connect", False, ["low", "low"]), ("nightly", False, ["normal", "normal"]),
                                        ("intraday", False, ["normal", "normal"]), ("nightly", True, ["high", "normal"])]:
        run = account.run(trigger=trigger, interactive=interactive, status="running")
        chunks = [account.chunk(run, ordinal=ordinal) for ordinal in (0, 16, 17)]
        jobs = {j["id"]: j["lane"] for j in store.ok("open_jobs", runs=[run])["jobs"]}
        assert [jobs[c] for c in chunks] == [lanes[0], *lanes], (trigger, interactive)
        assert [store.ok("open", chunk=c)["lane"] for c in chunks] == [lanes[0], *lanes]


def test_a_full_run_is_planned_in_two_stages(account, store, database):
    run = store.ok("run_create", connection=account.id, kind="full", interactive=True)["id"]
    (planned,) = store.ok("plan_runs")["runs"]
    assert planned == {"id": run, "connection_id": account.id, "kind": "full", "granularity": "day", "timezone": "UTC",
                       "provider": "meta", "planned": NOTHING, "force": False, "from": None, "to": None,
                       "backfill_days": -1, "restate_days": -1, "rows_per_day": 0, "rows_learned": False,
                       "planned_from": None, "known": []}
    plan = [{"run": run, "was": NOTHING, "stage": FIRST, "entities": True, "totals": [D1, D3]}]
    store.ok("plan_store", plans=plan)
    store.ok("plan_store", plans=plan)  # a tick done twice
    assert store.ok("plan_runs")["runs"] == []
    assert account.run_row(run, "status, planned, chunks_total") == ("queued", "first", 2)
    job, totals = sorted(store.ok("open_jobs")["jobs"], key=lambda j: j["kind"])
    assert (job["kind"], job["from"], job["to"], job["lane"]) == ("entities", "", "", "high")
    assert (totals["kind"], totals["from"], totals["to"], totals["lane"]) == ("metrics", D1, D3, "high")
    store.ok("open", chunk=totals["id"])
    assert not store.ok("merge", chunk=totals["id"], rows=[])["plan"]
    store.ok("open", chunk=job["id"])
    rows = [entity("c1"), entity("s1", "c1", "c1")] + [entity(f"a{n}", "s1", "c1", status=status) for n, status in
                                                       enumerate(("ACTIVE", "PAUSED", "ARCHIVED", "DELETED", None))]
    state = store.ok("merge", chunk=job["id"], rows=rows)
    assert (state["status"], state["ended"], state["plan"]) == ("running", False, True)
    database.execute("""UPDATE connections SET settings = '{"backfill_days": 30, "restate_days": 7}'""")
    (planned,) = store.ok("plan_runs")["runs"]
    assert [planned[k] for k in ("planned", "backfill_days", "restate_days", "rows_per_day", "rows_learned", "known")] == \
        [FIRST, 30, 7, 3, False, []]
    plan = [{"run": run, "was": FIRST, "chunks": [[D2, D3], [D1, D1]]}]
    store.ok("plan_store", plans=plan)
    store.ok("plan_store", plans=plan)
    assert account.run_row(run, "status, planned, chunks_total, date_from::text, date_to::text") == ("running", "all", 4, D1, D3)
    jobs = store.ok("open_jobs")["jobs"]
    assert [(j["kind"], j["from"], j["to"]) for j in jobs] == [("metrics", D2, D3), ("metrics", D1, D1)]
    for j in jobs:
        store.ok("open", chunk=j["id"])
        state = store.ok("merge", chunk=j["id"], rows=[])
    assert (state["status"], state["ended"], state["chunks_done"]) == ("succeeded", True, 4)


def test_a_day_read_to_learn_from_is_told_to_the_next_stage(account, store):
    run = store.ok("run_create", connection=account.id, kind="metrics")["id"]
    store.ok("plan_store", plans=[{"run": run, "stage": FIRST, "totals": [D1, D3]}])
    (totals,) = store.ok("open_jobs")["jobs"]
    store.ok("open", chunk=totals["id"])
    assert store.ok("merge", chunk=totals["id"], rows=[])["plan"]
    store.ok("plan_store", plans=[{"run": run, "was": FIRST, "stage": SAMPLE, "chunks": [[D2, D2]]}])
    assert store.ok("plan_runs")["runs"] == []
    (job,) = store.ok("open_jobs")["jobs"]
    store.ok("open", chunk=job["id"])
    state = store.ok("merge", chunk=job["id"], rows=[])
    assert (state["status"], state["ended"], state["plan"]) == ("running", False, True)
    (planned,) = store.ok("plan_runs")["runs"]
    assert (planned["planned"], planned["planned_from"]) == (SAMPLE, D2)


def test_metrics_are_planned_after_a_dead_entities_job_too(account, store):
    run = store.ok("run_create", connection=account.id, kind="full")["id"]
    store.ok("plan_store", plans=[{"run": run, "stage": FIRST, "entities": True}])
    (job,) = store.ok("open_jobs")["jobs"]
    store.ok("open", chunk=job["id"])
    state = store.ok("put_back", chunk=job["id"], fate="dead", code="bad_request", why="x")
    assert (state["plan"], state["ended"], state["status"]) == (True, False, "running")
    (planned,) = store.ok("plan_runs")["runs"]
    assert planned["planned"] == FIRST
    store.ok("plan_store", plans=[{"run": run, "was": FIRST, "chunks": [[D1, D3]]}])
    (job,) = store.ok("open_jobs")["jobs"]
    store.ok("open", chunk=job["id"])
    assert store.ok("merge", chunk=job["id"], rows=[])["status"] == "partial"


def test_what_planning_knows_of_days(account, store, database):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    days = [str(today - datetime.timedelta(n)) for n in (4, 3, 2)]
    account.slice(store, [fact("a1", days[0]), fact("a1", days[2])] + [fact(f"a{n}", days[2]) for n in range(2, 5)],
                  day_from=days[0], day_to=days[2])
    run = store.ok("run_create", connection=account.id, kind="metrics", force=True)["id"]
    (planned,) = store.ok("plan_runs")["runs"]
    # Five rows on three days; a day without rows is one to learn from too.
    assert (planned["id"], planned["planned"], planned["force"], planned["rows_per_day"], planned["rows_learned"]) == \
        (run, NOTHING, True, 2, True)
    read_at = int(account.one("SELECT floor(extract(epoch FROM read_at) * 1000) FROM account_days LIMIT 1")[0])
    assert [d[0] for d in planned["known"]] == days
    assert all(abs(d[1] - read_at) <= 1 for d in planned["known"])
    (planned,) = store.ok("plan_runs", known_days=3)["runs"]
    assert [d[0] for d in planned["known"]] == days[1:]
    store.ok("plan_store", plans=[{"run": run, "chunks": []}])
    assert account.run_row(run, "status, chunks_total") == ("succeeded", 0)


def test_runs_that_cannot_be_planned_fail_with_the_reason(account, store):
    run = store.ok("run_create", connection=account.id, kind="metrics")["id"]
    store.ok("plan_store", plans=[{"run": run, "refused": "timezone: Mars/Phobos is unknown"}])
    assert account.run_row(run, "status, error_code, error, finished_at IS NOT NULL") == \
        ("failed", "bad_input", "timezone: Mars/Phobos is unknown", True)


def test_interactive_runs_are_planned_first_and_idle_connections_not(database, store):
    accounts = [Account(database) for _ in range(4)]
    runs = [store.ok("run_create", connection=a.id, kind="metrics", interactive=n == 2)["id"] for n, a in enumerate(accounts)]
    database.execute("UPDATE connections SET status = 'paused' WHERE id = %s", accounts[1].id)
    assert [r["id"] for r in store.ok("plan_runs")["runs"]] == [runs[2], runs[0], runs[3]]
    assert len(store.ok("plan_runs", limit=1)["runs"]) == 1


def test_open_jobs_come_in_pages_and_in_order(database, store):
    accounts = [Account(database) for _ in range(5)]
    expected = {}
    for account in accounts:
        runs = [account.run(interactive=n == 1) for n in range(2)]
        expected[account.id] = [account.chunk(run, ordinal=n) for run in runs for n in range(1, 4)]
    database.execute("UPDATE sync_runs SET interactive = true")
    paused, retrying = accounts[3], accounts[4]
    database.execute("UPDATE connections SET status = 'paused' WHERE id = %s", paused.id)
    database.execute("UPDATE sync_chunks SET retry_at = now() + interval '1 minute', attempts = 2 WHERE id = %s",
                     expected[retrying.id][0])
    database.execute("""UPDATE connections SET settings = '{"calls_per_window": 9}' WHERE id = %s""", retrying.id)
    database.execute("UPDATE connections SET external_account_id = 'act_7' WHERE id = %s", retrying.id)
    twin = Account(database, external_account_id="act_8", settings='{"calls_per_window": 5}')
    database.execute("UPDATE connections SET external_account_id = 'act_7' WHERE id = %s", twin.id)
    store.ok("open", chunk=expected[accounts[0].id][2])
    seen, last = [], ""
    while True:
        answer = store.ok("open_jobs", limit=4, after=last)
        assert len(answer["jobs"]) <= 4
        seen += answer["jobs"]
        last = answer["last"]
        if last == "":
            break
    by_connection = {}
    for job in seen:
        by_connection.setdefault(job["connection_id"], []).append(job["id"])
    assert by_connection == {k: v for k, v in expected.items() if k != paused.id}
    jobs = {job["id"]: job for job in seen}
    waiting = jobs[expected[retrying.id][0]]
    assert 50000 < waiting["delay_ms"] <= 60000 and waiting["attempts"] == 2 and waiting["calls_per_window"] == 5
    assert jobs[expected[accounts[0].id][2]]["deliveries"] == 1
    assert jobs[expected[accounts[0].id][0]]["calls_per_window"] == -1
    run = seen[0]["run_id"]
    assert {j["run_id"] for j in store.ok("open_jobs", runs=[run])["jobs"]} == {run}
    assert store.ok("open_jobs", runs=[])["jobs"] == []


def test_a_delay_of_a_clock_that_ran_ahead_is_none(account, database, store):
    chunk = account.chunk(account.run())
    for ahead, delays in (("1 minute", range(50_000, 60_001)), ("2 hours", [0])):
        database.execute("UPDATE sync_chunks SET retry_at = now() + %s::interval WHERE id = %s", ahead, chunk)
        assert store.ok("open_jobs")["jobs"][0]["delay_ms"] in delays


def test_due_connections(database, store):
    never, past, later, paused, ingest = (Account(database) for _ in range(5))
    database.execute("UPDATE connections SET next_sync_at = now() - interval '1 minute', "
                     """settings = '{"nightly_at": "04:30", "intraday_minutes": 0, "hourly": true}' WHERE id = %s""", past.id)
    database.execute("UPDATE connections SET next_sync_at = now() + interval '1 minute' WHERE id = %s", later.id)
    database.execute("UPDATE connections SET status = 'paused' WHERE id = %s", paused.id)
    database.execute("UPDATE connections SET token_source = 'none' WHERE id = %s", ingest.id)
    due = store.ok("due")["due"]
    assert [d["connection_id"] for d in due] == [never.id, past.id]
    assert (due[0]["next_sync_at_ms"], due[0]["nightly_at"], due[0]["intraday_minutes"], due[0]["hourly"]) == (0, -1, -1, False)
    assert due[1]["next_sync_at_ms"] > 0 and (due[1]["nightly_at"], due[1]["intraday_minutes"], due[1]["hourly"]) == (270, 0, True)
    at = due[1]["next_sync_at_ms"]
    writes = [{"connection": never.id, "next_ms": at + 3_600_000},
              {"connection": past.id, "kind": "metrics", "trigger": "intraday", "from": D1, "to": D2, "due_at_ms": at,
               "next_ms": at + 3_600_000}]
    writes.append(writes[1] | {"granularity": "hour"})
    for _ in range(2):  # two schedulers, one tick
        store.ok("due_store", writes=writes)
    assert store.ok("due")["due"] == []
    assert database.query("SELECT connection_id, kind, trigger, granularity, asked_from::text, asked_to::text, interactive, status "
                          "FROM sync_runs ORDER BY granularity") == \
        [(past.id, "metrics", "intraday", by, D1, D2, False, "queued") for by in ("day", "hour")]
    assert store.ok("due", limit=1)["due"] == []
    # The clock ran ahead when this one was stored, and has been set right since.
    database.execute("UPDATE connections SET next_sync_at = now() + interval '27 hours' WHERE id = %s", later.id)
    (astray,) = store.ok("due")["due"]
    assert astray["connection_id"] == later.id
    store.ok("due_store", writes=[{"connection": later.id, "next_ms": at + 3_600_000}])
    assert store.ok("due")["due"] == []
    assert database.query("SELECT next_sync_at < now() + interval '1 hour' FROM connections WHERE id = %s", later.id) == [(True,)]


def test_ten_thousand_connections(database, store):
    """Batches, not one statement a connection: what a scheduler does at a busy minute."""
    (workspace,) = database.query("INSERT INTO workspaces (name) VALUES ('w') RETURNING id")[0]
    database.execute("INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_source) "
                     "SELECT %s, 'meta', 'act_' || n, 'n', 'USD', 'UTC', 'env' FROM generate_series(1, 10000) n", workspace)
    planned, next_ms = 0, int(time.time() * 1000) + 3_600_000
    while due := store.ok("due", limit=500)["due"]:
        store.ok("due_store", writes=[{"connection": d["connection_id"], "kind": "full", "trigger": "nightly",
                                       "due_at_ms": 1_790_000_000_000, "next_ms": next_ms} for d in due])
    while runs := store.ok("plan_runs", limit=500)["runs"]:
        store.ok("plan_store", plans=[{"run": r["id"], "stage": FIRST, "entities": True} for r in runs])
        planned += len(runs)
    assert planned == 10000
    jobs, last = set(), ""
    while True:
        answer = store.ok("open_jobs", limit=1000, after=last)
        jobs |= {j["id"] for j in answer["jobs"]}
        last = answer["last"]
        if last == "":
            break
    assert len(jobs) == 10000


def test_old_runs_go_and_days_stay(account, store, database):
    account.slice(store, [fact("a1", D1)])
    open_run = account.run()
    open_chunk = account.chunk(open_run)
    store.ok("open", chunk=open_chunk)
    store.ok("stage", chunk=open_chunk, rows=[fact("a1", D2)], next="c2")
    database.execute("INSERT INTO chunk_facts SELECT (jsonb_populate_record(f, jsonb_build_object('chunk_id', %s))).* "
                     "FROM chunk_facts f", NOBODY)
    database.execute("INSERT INTO call_ledger VALUES ('meta:app', now() - interval '2 days', 3)")
    assert store.ok("retain", days=30)["deleted"] == 0
    assert database.query("SELECT count(*) FROM chunk_facts") == [(1,)]
    assert database.query("SELECT count(*) FROM call_ledger WHERE bucket < now() - interval '1 day'") == [(0,)]
    database.execute("UPDATE sync_runs SET created_at = now() - interval '31 days', finished_at = finished_at - interval '31 days'")
    assert store.ok("retain", days=30)["deleted"] == 1
    assert database.query("SELECT id FROM sync_runs") == [(open_run,)]
    assert database.query("SELECT id FROM sync_chunks") == [(open_chunk,)]
    assert database.query("SELECT count(*) FROM account_days") == [(3,)] and account.facts() != []
    assert store.ok("open", chunk=open_chunk)["page"] == 2
