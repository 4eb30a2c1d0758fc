"""A chunk whose question was too much: asked smaller, in one fenced commit, and known to whoever opens it next."""
import concurrent.futures
import contextlib

from store_client import Account, account, database, entity, fact, store  # noqa: F401 (fixtures)
from system import wait_for

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"


def ledger(account):
    return account.one("SELECT coalesce(sum(calls), 0)::int FROM call_ledger WHERE scope <> 'meta:app'")[0]


def staged(database):
    return database.query("SELECT count(*)::int FROM chunk_facts")[0][0]


def test_a_smaller_page_keeps_what_is_staged_and_the_place(account, store, database):
    run = account.run()
    chunk = account.chunk(run)
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    shrunk = store.ok("shrink", chunk=chunk, step="page", page_limit=250)
    assert [shrunk[k] for k in ("shape", "page", "cursor", "from")] == ["rung 0, page 250, days 0", 2, "c2", D1]
    assert ledger(account) == 3 and staged(database) == 1
    for _ in range(7):  # as many starts are no silent ones
        store.ok("shrink", chunk=chunk, step="page", page_limit=62)
        opened = store.ok("open", chunk=chunk)
        assert (opened["deliveries"], opened["attempts"]) == (1, 0)
    assert [opened[k] for k in ("shape", "page", "cursor", "rows", "calls")] == ["rung 0, page 62, days 0", 2, "c2", 1, 9]
    state = store.ok("merge", chunk=chunk, rows=[fact("a2", D1)])
    assert (state["rows"], state["calls"], account.facts()) == (2, 10, [("a1", D1, "1.50"), ("a2", D1, "1.50")])


def test_page_1_has_no_place_to_keep_but_counts_its_calls(account, store):
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    for limit in (250, 62):
        store.ok("shrink", chunk=chunk, step="page", page_limit=limit)
    opened = store.ok("open", chunk=chunk)
    assert [opened[k] for k in ("shape", "page", "calls", "deliveries")] == ["rung 0, page 62, days 0", 1, 2, 1]


def test_a_cut_makes_two_chunks_of_one(account, store, database):
    run = account.run()
    chunk = account.chunk(run, ordinal=4)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="page", page_limit=5)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    cut = store.ok("shrink", chunk=chunk, step="cut", days_limit=2)
    assert [cut[k] for k in ("shape", "page", "cursor", "from")] == ["rung 0, page 0, days 2", 1, None, D2]
    assert staged(database) == 0
    assert account.run_row(run, "chunks_total, status") == (2, "running")
    columns = ("date_from::text, date_to::text, status, ordinal, kind, totals, connection_id, rung, page_limit, days_limit, "
               "attempts, deliveries")
    rows = database.query(f"SELECT {columns} FROM sync_chunks WHERE run_id = %s ORDER BY date_from", run)
    assert rows == [(D1, D1, "queued", 4, "metrics", False, account.id, 0, None, 2, 0, 0),
                    (D2, D3, "running", 4, "metrics", False, account.id, 0, None, 2, 0, 1)]
    older = database.query("SELECT id FROM sync_chunks WHERE status = 'queued'")[0][0]
    assert [store.ok("open", chunk=older)[k] for k in ("from", "to", "shape")] == [D1, D1, "rung 0, page 0, days 2"]
    store.ok("merge", chunk=chunk, rows=[fact("a1", D2)])
    assert store.ok("merge", chunk=older, rows=[fact("a1", D1)])["status"] == "succeeded"
    assert account.facts() == [("a1", D1, "1.50"), ("a1", D2, "1.50")]


def test_a_cut_whose_answer_was_lost_is_made_once(account, store):
    run = account.run()
    chunk = account.chunk(run)
    store.ok("open", chunk=chunk)
    for _ in range(2):  # the same commit once more, as a worker sends it that did not hear of the first
        assert store.ok("shrink", chunk=chunk, step="cut", days_limit=2)["from"] == D2
        assert account.one("SELECT count(*)::int FROM sync_chunks WHERE run_id = %s", run) == (2,)


def test_totals_are_cut_into_totals(account, store, database):
    run = account.run(planned="first")
    chunk = account.chunk(run, ordinal=0)
    database.execute("UPDATE sync_chunks SET totals = true WHERE id = %s", chunk)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="cut", days_limit=2)
    assert database.query("SELECT date_to::text, totals FROM sync_chunks WHERE status = 'queued'") == [(D1, True)]
    store.ok("merge", chunk=chunk, rows=[])
    assert database.query("SELECT event_date::text FROM run_totals ORDER BY 1") == [(D2,), (D3,)]


def test_the_fence_guards_it(account, store, database):
    run = account.run()
    chunk = account.chunk(run)
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    database.execute("DELETE FROM chunk_cursor")  # PostgreSQL crashed
    store.refused("gone", "shrink", chunk=chunk, step="page", page_limit=250)
    database.execute("UPDATE sync_chunks SET epoch = epoch + 1")  # another worker has it
    store.refused("fenced", "shrink", chunk=chunk, step="cut", days_limit=2)
    assert account.chunk_row(chunk, "page_limit, days_limit, date_from::text") == (None, None, D1)
    assert account.one("SELECT count(*)::int FROM sync_chunks") == (1,)


def test_a_dead_letter_that_is_tried_again_starts_at_the_top(account, store, database):
    chunk = account.chunk(account.run(), day_to=D1)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="cut", days_limit=1)
    store.ok("put_back", chunk=chunk, fate="dead", code="too_much_data", why="Meta: reduce")
    assert account.one("SELECT state, cause FROM account_days WHERE event_date = %s", D1) == ("failing", "too_much_data")
    store.ok("dead_retry", chunk=chunk)
    assert store.ok("open", chunk=chunk)["shape"] == "rung 0, page 0, days 0"


# ---- in parts ----

def test_parts_are_joined_by_their_key(account, store, database):
    chunk = account.chunk(account.run(), day_from=D1, day_to=D2)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="rung", rung=1, days_limit=1)
    assert store.ok("open", chunk=chunk)["shape"] == "rung 1, page 0, days 1"
    base = [fact("a1", D1, reach="9", attribution_setting="7d"), fact("a2", D1), fact("a1", D2, spend="2.00")]
    store.ok("stage", chunk=chunk, rows=base, next="second")
    store.ok("stage", chunk=chunk, rows=[part("a1", D1, "1"), part("a3", D1, "5")], next="more")
    state = store.ok("merge", chunk=chunk, rows=[part("a1", D1, "2"), part("a1", D2, "7")])
    assert state["inserted"] == 4
    assert account.facts("e.external_id, f.event_date::text, f.spend::text, f.reach, f.attribution_setting, f.leads::text, "
                         "f.conversions::text, f.actions::text, f.action_values::text") == [
        ("a1", D1, "1.50", 9, "7d", "2", "2", '{"lead": 2}', '{"lead": 20}'),
        ("a1", D2, "2.00", None, None, "7", "7", '{"lead": 7}', '{"lead": 70}'),
        ("a2", D1, "1.50", None, None, "0", "0", "{}", "{}"),
        ("a3", D1, "0", None, None, "5", "5", '{"lead": 5}', '{"lead": 50}')]
    again = account.chunk(account.run(), day_from=D1, day_to=D2)  # the same rows as they come in one part: nothing changes
    store.ok("open", chunk=again)
    whole = [row | {key: other[key] for key in ("leads", "conversions", "actions", "action_values")}
             for row, other in ((base[0], part("a1", D1, "2")), (base[2], part("a1", D2, "7")))]
    state = store.ok("merge", chunk=again, rows=[base[1], *whole, part("a3", D1, "5")])
    assert [state[k] for k in ("inserted", "updated", "unchanged", "removed")] == [0, 0, 4, 0]


def part(ad, day, leads):
    """What the second question brings of a row."""
    return fact(ad, day, spend="0", impressions="0", clicks="0", leads=leads, conversions=leads,
                actions=f'{{"lead": {leads}}}', action_values=f'{{"lead": {leads}0}}', actions_only=True)


# ---- as a report ----

def at_report(account, store):
    chunk = account.chunk(account.run(), day_to=D1)
    assert store.ok("open", chunk=chunk)["kind"] == "metrics"
    assert store.ok("shrink", chunk=chunk, step="rung", rung=2, days_limit=1)["kind"] == "report"
    return chunk


def report_of(opened):
    return opened["kind"], opened["report"], opened["asked_report"]


def test_a_report_is_known_with_the_place_and_outlives_crashes(account, store, database):
    chunk = at_report(account, store)
    asked_at = account.one("SELECT opened_at FROM chunk_cursor")[0]
    store.ok("put_back", chunk=chunk, fate="yield", delay_ms=5000, calls=1, report="77")
    assert account.chunk_row(chunk, "status, attempts, deliveries, report_at = %s, retry_at > now()" % f"'{asked_at}'") == \
        ("queued", 0, 0, True, True)
    for polls, percent in enumerate((0, 30, 30), 1):
        database.execute("DELETE FROM chunk_cursor")  # PostgreSQL crashed
        before = account.chunk_row(chunk, "report_moved_at")
        opened = store.ok("open", chunk=chunk)
        assert report_of(opened)[0::2] == ("report", "77") and opened["deliveries"] == 1
        store.ok("put_back", chunk=chunk, fate="yield", delay_ms=10000, calls=1, percent=percent)
        assert account.chunk_row(chunk, "deliveries, attempts, report_polls, report_percent") == (0, 0, polls, percent)
        assert (account.chunk_row(chunk, "report_moved_at") != before) == (polls == 2), "it only moves when it goes on"
    assert report_of(store.ok("open", chunk=chunk)) == ("report", "report 77, made 1, 3 polls, 30 %", "77")
    assert report_of(store.ok("report_ready", chunk=chunk))[0::2] == ("metrics", "77")
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="c2")
    assert store.ok("open", chunk=chunk)["page"] == 2
    database.execute("UPDATE chunk_cursor SET saved_at = saved_at - interval '1 hour'")
    opened = store.ok("open", chunk=chunk)
    assert (opened["page"], *report_of(opened)) == (1, "metrics", "report 77, made 1, 3 polls, 30 %, ready", "77")
    state = store.ok("merge", chunk=chunk, rows=[fact("a1", D1)])
    assert state["calls"] == account.chunk_row(chunk, "calls")[0] == 7  # the crash forgot the one before the report
    assert account.one("SELECT read_at FROM account_days")[0] == asked_at, "its numbers are as old as the question"


def test_a_report_that_is_dropped_is_made_anew(account, store):
    chunk = at_report(account, store)
    store.ok("put_back", chunk=chunk, fate="yield", calls=1, report="77")
    store.ok("open", chunk=chunk)
    assert report_of(store.ok("report_anew", chunk=chunk)) == ("report", "report , made 1, 0 polls, 0 %", None)
    store.ok("put_back", chunk=chunk, fate="yield", calls=1, report="78")
    opened = store.ok("open", chunk=chunk)
    assert report_of(opened) == ("report", "report 78, made 2, 0 polls, 0 %", "78") and opened["calls"] == 4
    assert store.ok("shrink", chunk=chunk, step="rung", rung=3, days_limit=1)["report"] == ""
    assert account.chunk_row(chunk, "report_id, report_at, report_ready") == (None, None, False)


def test_the_fence_guards_reports_too(account, store, database):
    chunk = at_report(account, store)
    database.execute("UPDATE sync_chunks SET epoch = epoch + 1")
    store.refused("fenced", "put_back", chunk=chunk, fate="yield", report="77")
    for command in ("report_ready", "report_anew"):
        store.refused("fenced", command, chunk=chunk)
    assert account.chunk_row(chunk, "report_id, reports_made, report_ready") == (None, 0, False)


def test_a_second_reading_takes_another_report(account, store):
    chunk = at_report(account, store)
    store.ok("put_back", chunk=chunk, fate="yield", report="77")
    store.ok("open", chunk=chunk)
    store.ok("report_ready", chunk=chunk)
    store.refused("differs", "merge", chunk=chunk, rows=[fact("a1", D1)], compare=True)
    store.ok("check_again", chunk=chunk, rows=[fact("a1", D1)])
    opened = store.ok("open", chunk=chunk)
    assert (opened["kind"], opened["asked_report"], opened["checking"]) == ("totals", None, True)
    store.ok("read_again", chunk=chunk, rows=[])
    opened = store.ok("open", chunk=chunk)
    assert (opened["kind"], opened["asked_report"], opened["reread"]) == ("report", None, True)


# ---- campaign by campaign ----

def at_campaigns(account, store):
    chunk = account.chunk(account.run(), day_to=D1)
    store.ok("open", chunk=chunk)
    assert store.ok("shrink", chunk=chunk, step="rung", rung=3, days_limit=1)["kind"] == "campaigns"
    return chunk


def test_campaigns_that_have_facts_are_asked_for_one_by_one(account, store, database):
    chunk = at_campaigns(account, store)
    store.ok("stage", chunk=chunk, rows=[entity("c2"), entity("c1")], next="g0Q")
    assert store.ok("open", chunk=chunk)["kind"] == "campaigns"
    listed = store.ok("look_up", chunk=chunk, rows=[entity("c3"), entity("c1")])
    assert (listed["kind"], listed["lookups"], listed["page"]) == ("metrics", "campaign c1, campaign c2, campaign c3", 3)
    assert database.query("SELECT count(*) FROM chunk_entities") == [(0,)]
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="b01:")
    opened = store.ok("open", chunk=chunk)
    assert [opened[k] for k in ("kind", "lookups", "page", "cursor", "rows", "deliveries")] == \
        ["metrics", "campaign c1, campaign c2, campaign c3", 4, "b01:", 1, 1]
    state = store.ok("merge", chunk=chunk, rows=[fact("a2", D1)])
    assert (state["rows"], state["calls"], state["inserted"]) == (2, 5, 2)
    assert database.query("SELECT count(*) FROM chunk_cursor") == [(0,)]


def test_a_day_without_campaigns_is_empty(account, store):
    account.slice(store, [fact("a1", D1)], day_to=D1)
    chunk = at_campaigns(account, store)
    store.refused("not_found", "look_up", chunk=chunk, rows=[])
    assert store.ok("merge", chunk=chunk, rows=[])["removed"] == 1 and account.facts() == []


def test_after_a_crash_or_for_a_second_reading_the_campaigns_are_listed_again(account, store, database):
    chunk = at_campaigns(account, store)
    store.ok("look_up", chunk=chunk, rows=[entity("c1")])
    database.execute("DELETE FROM chunk_cursor")
    assert store.ok("open", chunk=chunk)["kind"] == "campaigns"
    store.ok("look_up", chunk=chunk, rows=[entity("c1")])
    store.ok("check_again", chunk=chunk, rows=[fact("a1", D1)])
    store.ok("read_again", chunk=chunk, rows=[])
    opened = store.ok("open", chunk=chunk)
    assert (opened["kind"], opened["lookups"], opened["reread"], opened["page"]) == ("campaigns", "", True, 1)


# ---- what worked is remembered ----

def limits(account, what="day"):
    rows = account.database.query("SELECT page_limit, days_limit, rung FROM limits_now(%s, %s)", account.id, what)
    return rows[0] if rows else None


def shrunk(account, store, step, rows=(), **shape):
    """A chunk that was shrunk once and is done then."""
    chunk = account.chunk(account.run(), day_from=D1, day_to=D1)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step=step, **shape)
    store.ok("merge", chunk=chunk, rows=list(rows))


def shape_of_next(account, store, **days):
    return store.ok("open", chunk=account.chunk(account.run(), **days))["shape"]


def age(account, days):
    account.database.execute("UPDATE connection_limits SET learned_at = learned_at - %s * interval '1 day'", days)


def test_only_what_worked_after_a_step_down_is_remembered(account, store):
    account.slice(store, [fact("a1", D1)])
    assert limits(account) is None
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="page", page_limit=62)
    assert limits(account) is None, "nothing has worked yet"
    store.ok("merge", chunk=chunk, rows=[fact("a1", D1)])
    assert limits(account) == (62, None, 0) and limits(account, "hour") is None and limits(account, "entities") is None


def test_two_learn_the_first_at_the_same_moment(account, store, database):
    """The second waits for the first, whose row it cannot see when it began."""
    chunk = account.chunk(account.run(), day_from=D1, day_to=D1)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="page", page_limit=62)
    with contextlib.closing(database.server.connect(database.name)) as first, concurrent.futures.ThreadPoolExecutor(1) as pool:
        first.autocommit = False
        first.cursor().execute("INSERT INTO connection_limits VALUES (%s, 'day', 31, NULL, 1, now())", (account.id,))
        second = pool.submit(store.ok, "merge", chunk=chunk, rows=[fact("a1", D1)])
        wait_for("the second", lambda: database.query("SELECT 1 FROM pg_locks WHERE NOT granted"))
        first.commit()
        second.result()
    assert limits(account) == (31, None, 1)


def test_the_next_chunks_start_there_and_do_not_refresh_it(account, store, database):
    shrunk(account, store, "page", page_limit=62)
    age(account, 0.9)
    learned = account.one("SELECT learned_at FROM connection_limits")
    chunk = account.chunk(account.run())
    assert store.ok("open", chunk=chunk)["shape"] == "rung 0, page 62, days 0"
    store.ok("merge", chunk=chunk, rows=[])
    assert account.one("SELECT learned_at FROM connection_limits") == learned
    other = Account(database)
    assert shape_of_next(other, store) == "rung 0, page 0, days 0"
    hours = account.chunk(account.run(granularity="hour"))
    assert store.ok("open", chunk=hours)["shape"] == "rung 0, page 0, days 0"


def test_it_grows_back_day_by_day(account, store):
    shrunk(account, store, "page", page_limit=62)
    shrunk(account, store, "rung", rung=1, days_limit=1)
    assert limits(account) == (62, 1, 1)
    for days, grown in ((0.9, (62, 1, 1)), (0.2, (124, 2, 0)), (1, (248, 4, 0)), (1000, (62 * 1024, 1024, 0))):
        age(account, days)
        assert limits(account) == grown
    shrunk(account, store, "cut", days_limit=7)
    assert limits(account) == (62 * 1024, 7, 0), "what is learned anew counts from what it has grown to"


def test_a_rung_is_for_single_days_and_a_cut_range_has_whole_pages(account, store, database):
    shrunk(account, store, "page", page_limit=62)
    shrunk(account, store, "rung", rung=2, days_limit=1)
    assert shape_of_next(account, store, day_from=D1, day_to=D1) == "rung 2, page 62, days 0"
    chunk = account.chunk(account.run())
    assert store.ok("open", chunk=chunk)["shape"] == "rung 0, page 62, days 0"
    store.ok("shrink", chunk=chunk, step="cut", days_limit=2)
    older = database.query("SELECT id FROM sync_chunks WHERE status = 'queued'")[0][0]
    assert store.ok("open", chunk=older)["shape"] == "rung 2, page 0, days 2"


def test_listings_are_remembered_for_themselves(account, store):
    chunk = account.chunk(account.run("entities"), "entities")
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="page", page_limit=31)
    store.ok("merge", chunk=chunk, rows=[])
    assert limits(account, "entities") == (31, None, 0) and limits(account) is None
    again = account.chunk(account.run("entities"), "entities")
    assert store.ok("open", chunk=again)["shape"] == "rung 0, page 31, days 0"


def test_totals_teach_nothing(account, store, database):
    chunk = account.chunk(account.run(planned="first"), ordinal=0)
    database.execute("UPDATE sync_chunks SET totals = true WHERE id = %s", chunk)
    store.ok("open", chunk=chunk)
    store.ok("shrink", chunk=chunk, step="cut", days_limit=2)
    store.ok("merge", chunk=chunk, rows=[])
    assert limits(account) is None
