"""A slice is replaced whole: exactly what differs changes, older readings change nothing, others' rows stay."""
import contextlib
import datetime
import decimal
import random
import zoneinfo

import pytest

from conftest import wait_until
from store_client import Account, Store, account, database, entity, fact, store  # noqa: F401 (fixtures)

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"


def stamps(account, table="metric_facts"):
    """Which row version each fact is."""
    return dict(((e, d), (x, i)) for e, d, x, i in account.facts("e.external_id, f.event_date::text, f.xmin::text, f.ingested_at",
                                                                 table))


ROWS = [fact("a1", D1), fact("a1", D2, "2.00"), fact("a2", D1, "3.25", reach="9", actions='{"link_click": 985, "x": 1.50}')]


def test_first_merge_stores_all_with_stubs(account, store):
    state = account.slice(store, ROWS)
    assert {k: state[k] for k in ("status", "ended", "plan", "inserted", "updated", "unchanged", "removed", "rows", "calls")} == \
        {"status": "succeeded", "ended": True, "plan": False, "inserted": 3, "updated": 0, "unchanged": 0, "removed": 0,
         "rows": 3, "calls": 1}
    assert account.facts() == [("a1", D1, "1.50"), ("a1", D2, "2.00"), ("a2", D1, "3.25")]
    row = account.one("SELECT f.workspace_id, f.provider, f.level, f.currency, f.source, f.reach, f.clicks, f.actions::text, "
                      "f.event_at FROM metric_facts f WHERE spend = 3.25")
    assert row[:7] == (account.workspace, "meta", "ad", "USD", "sync", 9, 7)
    assert row[7] == '{"x": 1.50, "link_click": 985}'
    assert row[8] == datetime.datetime(2026, 10, 1, tzinfo=datetime.timezone.utc)
    stubs = account.database.query(
        "SELECT e.external_id, e.level, e.name, e.details::text, p.external_id, c.external_id FROM entities e "
        "LEFT JOIN entities p ON p.id = e.parent_id LEFT JOIN entities c ON c.id = e.campaign_id ORDER BY 1")
    stub = '{"stub": true}'
    assert stubs == [("a1", "ad", "a1", stub, "s1", "c1"), ("a2", "ad", "a2", stub, "s2", "c2"),
                     ("c1", "campaign", "c1", stub, None, None), ("c2", "campaign", "c2", stub, None, None),
                     ("s1", "adset", "s1", stub, "c1", "c1"), ("s2", "adset", "s2", stub, "c2", "c2")]
    days = account.database.query("SELECT event_date::text, state, rows, restated, run_id IS NOT NULL, read_at IS NOT NULL "
                                  "FROM account_days ORDER BY 1")
    assert days == [(D1, "stored", 2, False, True, True), (D2, "stored", 1, False, True, True),
                    (D3, "stored", 0, False, True, True)]
    assert account.row("facts_through::text, last_synced_at IS NOT NULL") == (D3, True)
    assert account.one("SELECT (SELECT count(*) FROM chunk_facts), (SELECT count(*) FROM chunk_cursor)") == (0, 0)


def test_merging_the_same_again_writes_no_row(account, store):
    account.slice(store, ROWS)
    before = stamps(account), account.database.query("SELECT id, xmin FROM entities ORDER BY 1")
    # Equal by value: 1.50 and 1.5, key order, numbers within JSON.
    same = [fact("a1", D1, "1.5"), fact("a1", D2, "2"),
            fact("a2", D1, "3.250", reach="9", actions='{"x": 1.5, "link_click": 985.0}')]
    state = account.slice(store, same)
    assert (state["inserted"], state["updated"], state["unchanged"], state["removed"]) == (0, 0, 3, 0)
    assert (stamps(account), account.database.query("SELECT id, xmin FROM entities ORDER BY 1")) == before


@pytest.mark.parametrize("column, value", [(c, "5") for c in (
    "spend", "impressions", "clicks", "link_clicks", "conversions", "revenue", "leads", "installs", "purchases",
    "registrations", "visitors", "reach")] + [("attribution_setting", "1d_view"), ("actions", '{"b": 2}'),
                                              ("action_values", '{"c": 3}')])
def test_a_change_in_any_column_is_stored(account, store, column, value):
    account.slice(store, ROWS)
    before = stamps(account)
    state = account.slice(store, ROWS[1:] + [fact("a1", D1, **{column: value})])
    assert (state["inserted"], state["updated"], state["unchanged"], state["removed"]) == (0, 1, 2, 0)
    after = stamps(account)
    assert [key for key in before if before[key] != after[key]] == [("a1", D1)]
    (stored,) = account.one(f"SELECT {column}::text FROM metric_facts f JOIN entities e ON e.id = entity_id "
                            "WHERE external_id = 'a1' AND event_date = %s", D1)
    assert stored == value
    changed = account.database.query("SELECT column_name, new FROM restatements")
    assert changed == [(column, value)]


def test_vanished_rows_go_and_new_ones_come(account, store):
    account.slice(store, ROWS)
    before = stamps(account)
    state = account.slice(store, [ROWS[0], fact("a9", D3)])
    assert (state["inserted"], state["updated"], state["unchanged"], state["removed"]) == (1, 0, 1, 2)
    assert account.facts() == [("a1", D1, "1.50"), ("a9", D3, "1.50")]
    assert stamps(account)[("a1", D1)] == before[("a1", D1)]
    assert account.slice(store, [])["removed"] == 2
    assert account.facts() == []
    assert account.database.query("SELECT sum(rows), count(*) FROM account_days WHERE state = 'stored'") == [(0, 3)]


def test_a_slice_touches_its_own_days_only(account, store):
    account.slice(store, ROWS)
    account.slice(store, [fact("a1", D2, "8"), fact("a1", D1, "99"), fact("a1", D3, "99")], day_from=D2, day_to=D2)
    assert account.facts() == [("a1", D1, "1.50"), ("a1", D2, "8"), ("a2", D1, "3.25")]


def test_of_a_row_that_came_twice_the_last_counts(account, store):
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1, "1"), fact("a2", D1, "5"), fact("a2", D1, "6")], next="n2")
    state = store.ok("merge", chunk=chunk, rows=[fact("a1", D1, "2")])
    assert state["inserted"] == 2
    assert account.facts() == [("a1", D1, "2"), ("a2", D1, "6")]


def test_an_older_reading_merged_last_changes_nothing(account, store):
    old, new = account.chunk(account.run()), account.chunk(account.run(), day_from=D2, day_to=D3)
    store.ok("open", chunk=old)
    store.ok("stage", chunk=old, rows=[fact("a1", D1, "1"), fact("a1", D2, "1")], next="n2")
    store.ok("open", chunk=new)
    store.ok("merge", chunk=new, rows=[fact("a1", D2, "2"), fact("a2", D3, "2")])
    before = stamps(account), account.one("SELECT array_agg(xmin::text) FROM account_days WHERE event_date > %s", D1)
    store.ok("merge", chunk=old, rows=[fact("a1", D3, "1")])
    assert account.facts() == [("a1", D1, "1"), ("a1", D2, "2"), ("a2", D3, "2")]
    after = stamps(account)
    assert {key: after[key] for key in before[0]} == before[0]
    days = account.database.query("SELECT event_date::text, c.rows, d.rows FROM account_days d JOIN sync_chunks c USING (run_id) "
                                  "ORDER BY 1")
    assert [d[2] for d in days] == [1, 1, 1]
    assert account.run_row(account.chunk_row(old, "run_id")[0], "status") == ("succeeded",)


def test_a_reading_of_a_clock_that_ran_ahead_is_no_later_one(account, store):
    account.slice(store, ROWS)
    account.database.execute("UPDATE account_days SET read_at = now() + interval '2 hours'")
    account.slice(store, [fact("a1", D1, "5"), fact("a1", D2, "6")])
    assert account.facts() == [("a1", D1, "5"), ("a1", D2, "6")]
    assert account.one("SELECT bool_and(read_at <= now()) FROM account_days") == (True,)


def test_rows_of_ingest_stay(account, store):
    account.slice(store, ROWS)
    account.database.execute("UPDATE metric_facts SET source = 'ingest', spend = 77 WHERE event_date = %s", D1)
    before = stamps(account)
    state = account.slice(store, [fact("a1", D1, "5"), fact("a1", D2, "6")])
    assert account.facts() == [("a1", D1, "77"), ("a1", D2, "6"), ("a2", D1, "77")]
    assert (state["inserted"], state["updated"], state["unchanged"], state["removed"]) == (0, 1, 1, 0)
    after = stamps(account)
    assert after[("a1", D1)] == before[("a1", D1)] and after[("a2", D1)] == before[("a2", D1)]
    assert account.database.query("SELECT count(*) FROM restatements WHERE column_name <> 'spend'") == [(0,)]


def test_a_row_that_ingest_adds_in_the_same_moment_stays(account, store, database):
    account.slice(store, ROWS)
    with contextlib.closing(database.server.connect(database.name)) as ingest:
        ingest.autocommit = False
        ingest.cursor().execute(
            "INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at, currency, "
            "spend, source) SELECT workspace_id, connection_id, entity_id, provider, level, %s, event_at, currency, 77, 'ingest' "
            "FROM metric_facts WHERE spend = 3.25", (D3,))
        chunk = account.chunk(account.run())
        store.ok("open", chunk=chunk)
        store.send("merge", chunk=chunk, rows=ROWS + [fact("a2", D3, "5"), fact("a1", D3, "6")])
        wait_until(lambda: database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "the merge to wait")
        ingest.commit()
    assert store.answer()["rc"] == "ok"
    assert account.facts()[2:] == [("a1", D3, "6"), ("a2", D1, "3.25"), ("a2", D3, "77")]


def test_another_account_is_not_touched(account, database, store):
    other = Account(database)
    other.slice(store, ROWS)
    before = stamps(other)
    account.slice(store, [fact("a1", D1, "9")])
    account.slice(store, [])
    assert stamps(other) == before


def test_restatements_are_of_days_that_were_over(database, store):
    """Growth of a running day is none; neither is anything before the first reading."""
    zone = zoneinfo.ZoneInfo("Pacific/Auckland")
    today = datetime.datetime.now(zone).date()
    days = [str(today - datetime.timedelta(n)) for n in (2, 1, 0)]
    account = Account(database, zone=zone.key)
    account.slice(store, [fact("a1", day, reach="5") for day in days] + [fact("a2", days[0], "4")], day_from=days[0],
                  day_to=days[2])
    assert database.query("SELECT count(*) FROM restatements") == [(0,)]
    # Its last reading began before that day had ended: whatever changes, it was not over.
    database.execute("UPDATE account_days SET read_at = day_start(%s, event_date + 1) - interval '1 second' WHERE event_date = %s",
                     zone.key, days[1])
    account.slice(store, [fact("a1", days[0], "2.50"), fact("a1", days[1], "9", reach="6"), fact("a1", days[2], "9"),
                          fact("a3", days[0], "0.10")], day_from=days[0], day_to=days[2])
    rows = database.query("SELECT e.external_id, r.event_date::text, column_name, old, new, r.run_id IS NOT NULL FROM restatements r "
                          "JOIN entities e ON e.id = r.entity_id ORDER BY 1, 2, 3")
    assert [r[:3] for r in rows] == [("a1", days[0], "reach"), ("a1", days[0], "spend"), ("a2", days[0], "row"),
                                     ("a3", days[0], "row")]
    assert rows[0][3:] == ("5", None, True) and rows[1][3:] == ("1.50", "2.50", True)
    assert rows[2][4] is None and '"spend": 4' in rows[2][3]
    assert rows[3][3] is None and '"spend": 0.10' in rows[3][4]
    assert database.query("SELECT event_date::text, restated FROM account_days ORDER BY 1") == \
        [(days[0], True), (days[1], False), (days[2], False)]
    account.slice(store, [fact("a1", days[0], "2.50"), fact("a3", days[0], "0.1")], day_from=days[0], day_to=days[0])
    assert database.query("SELECT count(*) FROM restatements") == [(4,)]
    assert database.query("SELECT restated FROM account_days WHERE event_date = %s", days[0]) == [(True,)]


@pytest.mark.parametrize("zone, day, utc", [
    ("Pacific/Auckland", "2026-10-01", "2026-09-30T11:00"), ("Asia/Kathmandu", "2026-10-01", "2026-09-30T18:15"),
    ("America/Los_Angeles", "2026-10-01", "2026-10-01T07:00"),
    ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),  # midnight is skipped: the day begins with the jump
    ("America/Havana", "2026-11-01", "2026-11-01T04:00"),  # midnight comes twice: the first pass
    ("Africa/Cairo", "2026-10-30", "2026-10-29T22:00"),  # the hour before midnight comes twice
])
def test_event_at_is_the_days_first_instant(database, store, zone, day, utc):
    account = Account(database, zone=zone)
    account.slice(store, [fact("a1", day)], day_from=day, day_to=day)
    (stored,) = account.one("SELECT event_at FROM metric_facts")
    assert stored == datetime.datetime.fromisoformat(utc + "+00:00")


def test_hourly_facts_go_to_their_own_table(account, store):
    account.slice(store, ROWS)
    daily = stamps(account)
    hours = [fact("a1", D1, "1", hour=0), fact("a1", D1, "2", hour=23), fact("a2", D2, "3", hour=5)]
    columns = "e.external_id, f.event_date::text, f.event_hour, f.spend::text"

    def stored():
        return account.facts(columns, "metric_facts_hourly", "1, 2, 3")

    def merge(rows):
        state = account.slice(store, rows, granularity="hour")
        return [state[k] for k in ("inserted", "updated", "unchanged", "removed")]

    assert merge(hours) == [3, 0, 0, 0]
    assert stored() == [("a1", D1, 0, "1"), ("a1", D1, 23, "2"), ("a2", D2, 5, "3")]
    assert merge(hours) == [0, 0, 3, 0]
    assert merge([hours[0] | {"spend": "4"}, hours[2], hours[0] | {"hour": 7}]) == [1, 1, 1, 1]
    assert stored() == [("a1", D1, 0, "4"), ("a1", D1, 7, "1"), ("a2", D2, 5, "3")]
    assert stamps(account) == daily
    assert account.database.query("SELECT granularity, sum(rows) FROM account_days GROUP BY 1 ORDER BY 1") == \
        [("day", 3), ("hour", 3)]
    assert account.row("facts_through::text") == (D3,)


def test_two_chunks_of_one_connection_at_once(account, database, store, build):
    """Same days and same ads in both, over and over: nobody fails, and the later reading stands."""
    other = Store(build, database.url)
    ads = [f"a{n}" for n in range(40)]
    dice = random.Random(7)
    for turn in range(6):
        chunks = []
        for client in (store, other):
            chunk = account.chunk(account.run())
            client.ok("open", chunk=chunk)
            rows = [fact(ad + str(turn), day, str(dice.randint(1, 9))) for ad in ads for day in (D1, D2, D3)]
            dice.shuffle(rows)
            chunks.append((client, chunk, rows))
        for client, chunk, rows in chunks:
            client.send("merge", chunk=chunk, rows=rows)
        for client, _, _ in chunks:
            assert client.answer()["rc"] == "ok"
        latest = sorted((r["ad_id"], r["day"], r["spend"]) for r in chunks[1][2])
        assert account.facts() == latest
    other.close()


def test_entities_and_facts_of_one_account_at_once(account, database, store, build):
    other = Store(build, database.url)
    for turn in range(5):
        ads = [f"a{turn}{n}" for n in range(50)]
        listing = account.chunk(account.run("entities"), "entities")
        numbers = account.chunk(account.run())
        store.ok("open", chunk=listing)
        other.ok("open", chunk=numbers)
        rows = [entity("c" + ad[1:]) for ad in ads] + [entity("s" + ad[1:], "c" + ad[1:], "c" + ad[1:]) for ad in ads] + \
            [entity(ad, "s" + ad[1:], "c" + ad[1:]) for ad in reversed(ads)]
        store.send("merge", chunk=listing, rows=rows)
        other.send("merge", chunk=numbers, rows=[fact(ad, D1) for ad in reversed(ads)])
        assert store.answer()["rc"] == "ok" and other.answer()["rc"] == "ok"
        assert database.query("SELECT count(*), count(*) FILTER (WHERE details ? 'stub') FROM entities "
                              "WHERE external_id = ANY(%s)", ads) == [(50, 0)]
    other.close()


def test_a_late_worker_changes_nothing(account, store, database, build):
    late = Store(build, database.url)
    chunk = account.chunk(account.run())
    late.ok("open", chunk=chunk)
    late.ok("stage", chunk=chunk, rows=[fact("a1", D1, "1")], next="n2")
    assert store.ok("open", chunk=chunk)["page"] == 2
    before = database.query("SELECT * FROM chunk_cursor"), database.query("SELECT count(*) FROM chunk_facts")
    late.refused("fenced", "stage", chunk=chunk, rows=[fact("a2", D1)], next="n3")
    late.refused("fenced", "merge", chunk=chunk, rows=[fact("a2", D1)])
    late.refused("fenced", "put_back", chunk=chunk, fate="dead", code="transient", why="x")
    assert (database.query("SELECT * FROM chunk_cursor"), database.query("SELECT count(*) FROM chunk_facts")) == before
    assert account.facts() == []
    store.ok("merge", chunk=chunk, rows=[fact("a1", D2, "2")])
    late.refused("fenced", "merge", chunk=chunk, rows=[])
    assert account.facts() == [("a1", D1, "1"), ("a1", D2, "2")]
    late.close()


def test_lost_pages_are_noticed(account, store, database):
    """A crash of PostgreSQL empties both unlogged tables: the slice starts again."""
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="n2")
    database.execute("TRUNCATE chunk_cursor, chunk_facts, chunk_entities")
    store.refused("gone", "stage", chunk=chunk, rows=[fact("a1", D2)], next="n3")
    store.refused("gone", "merge", chunk=chunk, rows=[fact("a1", D2)])
    assert database.query("SELECT count(*) FROM chunk_facts") == [(0,)] and account.facts() == []
    again = store.ok("open", chunk=chunk)
    assert (again["page"], again["cursor"], again["rows"]) == (1, None, 0)
    store.ok("merge", chunk=chunk, rows=[fact("a1", D1, "4")])
    assert account.facts() == [("a1", D1, "4")]


def test_a_page_is_committed_once(account, store, build, database):
    """The answer to a commit was lost, so it is sent again: it is refused, and opening goes on behind it."""
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=[fact("a1", D1)], next="n2")
    database.execute("UPDATE chunk_cursor SET page = 3, cursor = 'n3'")
    store.refused("gone", "stage", chunk=chunk, rows=[fact("a2", D1)], next="n3")
    opened = store.ok("open", chunk=chunk)
    assert (opened["page"], opened["cursor"]) == (3, "n3")


HOSTILE = ["O'Brien \"quoted\"", "tab\there", "line\nbreak\r\n", "back\\slash \\N \\. \\t", "\\.", "'; DROP TABLE entities; --",
           "emoji 🎯👩‍👩‍👧", "עברית ‮ right to left", "ü" * 400, "NULL", "{a,b}", "", "$1 %s {0}"]


def test_hostile_names_arrive_as_they_are(account, store):
    rows = [entity(f"c{n}", **{"details": '{"note": "tab\\t \\"q\\" \\\\N"}'}) | {"name": name} for n, name in enumerate(HOSTILE)]
    account.slice(store, rows, "entities")
    stored = account.database.query("SELECT external_id, name, details->>'note' FROM entities")
    assert dict((r[0], r[1]) for r in stored) == {f"c{n}": name for n, name in enumerate(HOSTILE)}
    assert {r[2] for r in stored} == {'tab\t "q" \\N'}
    account.slice(store, [fact("a1", D1, attribution_setting=HOSTILE[3])])
    assert account.one("SELECT attribution_setting FROM metric_facts") == (HOSTILE[3],)


TREE = [entity("c1", objective="OUTCOME_SALES"), entity("c2", objective="OUTCOME_LEADS"), entity("s1", "c1", "c1"),
        entity("s2", "c2", "c2"), entity("a1", "s1", "c1"), entity("a2", "s2", "c2", daily_budget="12.50")]


def tree(account):
    return account.database.query(
        "SELECT e.external_id, p.external_id, c.external_id, e.goal, e.vanished_at IS NOT NULL FROM entities e "
        "LEFT JOIN entities p ON p.id = e.parent_id LEFT JOIN entities c ON c.id = e.campaign_id "
        "WHERE e.connection_id = %s ORDER BY 1", account.id)


def test_entities_are_stored_linked_and_left_alone(account, store):
    state = account.slice(store, list(reversed(TREE)), "entities")
    assert (state["inserted"], state["updated"], state["unchanged"], state["removed"]) == (6, 0, 0, 0)
    assert tree(account) == [
        ("a1", "s1", "c1", "purchases", False), ("a2", "s2", "c2", "leads", False), ("c1", None, None, "purchases", False),
        ("c2", None, None, "leads", False), ("s1", "c1", "c1", "purchases", False), ("s2", "c2", "c2", "leads", False)]
    before = account.database.query("SELECT id, xmin, updated_at FROM entities ORDER BY 1")
    same = [r | {"daily_budget": "12.5"} if r["external_id"] == "a2" else r for r in TREE]
    state = account.slice(store, same, "entities")
    assert (state["inserted"], state["updated"], state["unchanged"], state["removed"]) == (0, 0, 6, 0)
    assert account.database.query("SELECT id, xmin, updated_at FROM entities ORDER BY 1") == before


def test_entities_rename_move_vanish_and_come_back(account, store):
    account.slice(store, TREE, "entities")
    ids = dict(account.database.query("SELECT external_id, id FROM entities"))
    before = dict(account.database.query("SELECT external_id, updated_at FROM entities"))
    # a1 moves under s2, s1 is renamed, c2 changes its objective, a2 is gone.
    moved = [TREE[0], TREE[1] | {"objective": "OUTCOME_TRAFFIC"}, TREE[2] | {"name": "new"}, TREE[3], entity("a1", "s2", "c2")]
    state = account.slice(store, moved, "entities")
    assert (state["inserted"], state["updated"], state["removed"]) == (0, 4, 1)
    assert tree(account) == [
        ("a1", "s2", "c2", "traffic", False), ("a2", "s2", "c2", "leads", True), ("c1", None, None, "purchases", False),
        ("c2", None, None, "traffic", False), ("s1", "c1", "c1", "purchases", False), ("s2", "c2", "c2", "traffic", False)]
    after = dict(account.database.query("SELECT external_id, updated_at FROM entities"))
    assert [k for k in sorted(after) if after[k] != before[k]] == ["a1", "a2", "c2", "s1", "s2"]
    (gone,) = account.one("SELECT vanished_at FROM entities WHERE external_id = 'a2'")
    assert account.slice(store, moved, "entities")["removed"] == 0
    assert account.one("SELECT vanished_at FROM entities WHERE external_id = 'a2'") == (gone,)
    account.slice(store, TREE, "entities")
    assert [row[4] for row in tree(account)] == [False] * 6
    assert dict(account.database.query("SELECT external_id, id FROM entities")) == ids


def test_an_older_listing_changes_nothing(account, store):
    old, new = account.chunk(account.run("entities"), "entities"), account.chunk(account.run("entities"), "entities")
    store.ok("open", chunk=old)
    store.ok("open", chunk=new)
    store.ok("merge", chunk=new, rows=TREE)
    before = account.database.query("SELECT id, xmin FROM entities ORDER BY 1")
    state = store.ok("merge", chunk=old, rows=[entity("c1", objective="REACH"), entity("c7")])
    assert (state["inserted"], state["updated"], state["removed"], state["status"]) == (0, 0, 0, "succeeded")
    assert account.database.query("SELECT id, xmin FROM entities ORDER BY 1") == before


def test_what_became_known_during_a_listing_is_not_gone(account, store):
    listing = account.chunk(account.run("entities"), "entities")
    store.ok("open", chunk=listing)
    account.slice(store, [fact("a9", D1)])
    store.ok("merge", chunk=listing, rows=TREE)
    assert all(not row[4] for row in tree(account))
    account.database.execute("UPDATE entities SET details = '{}' WHERE external_id ~ '9'")
    account.slice(store, TREE, "entities")
    assert [row[0] for row in tree(account) if row[4]] == ["a9", "c9", "s9"]


def test_stubs_become_real_and_missing_parents_stubs(account, store):
    account.slice(store, [fact("a1", D1)])
    ids = dict(account.database.query("SELECT external_id, id FROM entities"))
    account.slice(store, TREE, "entities")
    rows = dict((r[0], r[1:]) for r in account.database.query("SELECT external_id, id, name, details::text, goal FROM entities"))
    assert rows["a1"] == (ids["a1"], "name of a1", "{}", "purchases")
    orphan = Account(account.database)
    orphan.slice(store, [entity("a5", "s5", "c5")], "entities")
    assert tree(orphan) == [("a5", "s5", "c5", None, False), ("c5", None, None, None, False), ("s5", "c5", "c5", None, False)]
    assert orphan.slice(store, [entity("a5", "s5", "c5")], "entities")["updated"] == 0


def test_stub_ads_inherit_from_a_known_campaign(account, store):
    account.slice(store, TREE, "entities")
    account.slice(store, [{"ad_id": "a8", "adset_id": "s1", "campaign_id": "c1", "day": D1}])
    assert ("a8", "s1", "c1", "purchases", False) in tree(account)


def test_the_queries_of_the_contract_run_as_written(account, store):
    account.slice(store, TREE, "entities")
    account.slice(store, ROWS)
    account.database.execute("INSERT INTO tokens (workspace_id, provider, access_token_enc) VALUES (%s, 'meta', 'gAAA')",
                             account.workspace)
    query = account.database.query
    assert dict(query(f"SELECT level, COUNT(*) FROM entities WHERE connection_id = '{account.id}' GROUP BY level;")) == \
        {"campaign": 2, "adset": 2, "ad": 2}
    assert query("SELECT event_date, COUNT(*), SUM(spend) FROM metric_facts WHERE provider='meta' GROUP BY event_date "
                 "ORDER BY event_date DESC LIMIT 10;") == [
        (datetime.date(2026, 10, 2), 1, decimal.Decimal("2.00")), (datetime.date(2026, 10, 1), 2, decimal.Decimal("4.75"))]
    assert query("SELECT provider, access_token_enc FROM tokens LIMIT 5;") == [("meta", "gAAA")]
    names = query("SELECT account_id LIKE 'act_%', campaign_id, campaign_name, adset_name, ad_name, spend::text FROM ads_insights "
                  "ORDER BY spend")
    assert names[0] == (True, "c1", "name of c1", "name of s1", "name of a1", "1.50") and len(names) == 3
