"""Listings of entities: whole ones and those of changes, beside and behind each other, and stubs that are looked up."""
import datetime

import pytest

from store_client import account, database, entity, fact, store  # noqa: F401 (fixtures)

D1 = "2026-10-01"
T1, T2, T3 = "2026-10-01T10:00:00+0000", "2026-10-02T10:00:00+0000", "2026-10-03T10:00:00+0000"
TREE = [entity("c1", objective="OUTCOME_SALES"), entity("c2", objective="OUTCOME_LEADS"), entity("s1", "c1", "c1"),
        entity("s2", "c2", "c2"), entity("a1", "s1", "c1"), entity("a2", "s2", "c2")]
TREE = [row | {"updated_at": T1} for row in TREE]


def changed(external_id, **more):
    """An entity of the tree as it is after a change."""
    (row,) = [row for row in TREE if row["external_id"] == external_id]
    return row | {"updated_at": T2} | more


def planned(account, store, **wishes):
    """The chunk of a new run of entities, as the scheduler would plan it."""
    run = store.ok("run_create", connection=account.id, kind="entities", **wishes)["id"]
    store.ok("plan_store", plans=[{"run": run, "entities": True}])
    return account.one("SELECT id FROM sync_chunks WHERE run_id = %s", run)[0]


def listed(account, store, rows, **wishes):
    chunk = planned(account, store, **wishes)
    store.ok("open", chunk=chunk)
    state = store.ok("merge", chunk=chunk, rows=rows)
    return tuple(state[k] for k in ("inserted", "updated", "unchanged", "removed"))


def versions(account):
    return dict(account.database.query("SELECT external_id, xmin::text FROM entities"))


def moved(account, before):
    after = versions(account)
    return sorted(key for key in after if after[key] != before.get(key))


def gone(account):
    return [row[0] for row in account.database.query("SELECT external_id FROM entities WHERE vanished_at IS NOT NULL ORDER BY 1")]


def names(account):
    return dict(account.database.query("SELECT external_id, name FROM entities"))


def listings(account):
    return account.one("SELECT read_at, whole_at FROM entity_listings")


# ---- when is what asked for ----

def test_whole_at_first_then_what_changed_since_the_last_listing(account, store, database):
    def since(**wishes):
        chunk = planned(account, store, **wishes)
        asked = store.ok("open", chunk=chunk)["since"]
        store.ok("merge", chunk=chunk, rows=TREE)
        return asked

    def age(column, interval):
        database.execute(f"UPDATE entity_listings SET {column} = {column} - %s::interval", interval)

    assert since() == 0
    read_at, whole_at = listings(account)
    assert read_at == whole_at
    age("read_at", "2 days")
    read_at = listings(account)[0]
    assert since() == int((read_at - datetime.timedelta(minutes=15)).timestamp())
    assert listings(account)[0] > read_at and listings(account)[1] == whole_at
    assert since(interactive=True) == 0 and since(force=True) == 0
    assert listings(account)[1] > whole_at
    age("whole_at", "6 days 11 hours")
    assert since() > 0
    age("whole_at", "1 hour")
    assert since() == 0 and since() > 0


def test_what_a_listing_of_changes_leaves_out_is_not_gone(account, store):
    listed(account, store, TREE)
    before = versions(account)
    assert listed(account, store, []) == (0, 0, 0, 0)
    assert listed(account, store, [changed("c1", name="new"), entity("a3", "s1", "c1")]) == (1, 1, 0, 0)
    assert moved(account, before) == ["a3", "c1"] and gone(account) == []
    assert listed(account, store, [row for row in TREE if row["external_id"] != "a2"], force=True) == (0, 1, 4, 2)
    assert gone(account) == ["a2", "a3"]
    before = versions(account)
    listed(account, store, [])
    assert listed(account, store, [row for row in TREE if row["external_id"] != "a2"], force=True)[3] == 0
    assert moved(account, before) == []


def test_what_lies_below_follows_although_the_listing_does_not_name_it(account, store):
    listed(account, store, TREE)
    before = versions(account)
    # c1 has another objective, and s2 with its ad moves under it.
    state = listed(account, store, [changed("c1", objective="OUTCOME_TRAFFIC"), changed("s2", parent="c1", campaign="c1")])
    assert state == (0, 5, 0, 0)
    assert account.database.query("SELECT e.external_id, p.external_id, c.external_id, e.goal FROM entities e "
                                  "JOIN entities p ON p.id = e.parent_id JOIN entities c ON c.id = e.campaign_id ORDER BY 1") == [
        ("a1", "s1", "c1", "traffic"), ("a2", "s2", "c1", "traffic"), ("s1", "c1", "c1", "traffic"), ("s2", "c1", "c1", "traffic")]
    assert moved(account, before) == ["a1", "a2", "c1", "s1", "s2"]
    before = versions(account)
    listed(account, store, [changed("c1", objective="OUTCOME_TRAFFIC")])
    assert moved(account, before) == []


@pytest.mark.parametrize("row, whole", [(changed("c1", status="PAUSED"), True), (changed("s1", status="PAUSED"), True),
                                        (changed("a1", status="PAUSED"), False), (changed("c1", name="new"), False),
                                        (entity("c3"), False)])
def test_after_a_stop_or_a_start_the_next_listing_is_whole(account, store, row, whole):
    listed(account, store, TREE)
    listed(account, store, [row])
    for expected in (whole, False):
        chunk = planned(account, store)
        assert (store.ok("open", chunk=chunk)["since"] == 0) == expected
        store.ok("merge", chunk=chunk, rows=TREE)


# ---- two listings at once ----

def test_a_whole_listing_and_a_later_one_of_changes(account, store):
    """The whole one is stored last: it brings what the other left alone, and nothing older than that."""
    listed(account, store, TREE)
    whole = planned(account, store, force=True)
    store.ok("open", chunk=whole)
    listed_later = account.chunk(account.run("entities"), "entities")
    account.database.execute("UPDATE sync_chunks SET since = now() WHERE id = %s", listed_later)
    store.ok("open", chunk=listed_later)
    store.ok("merge", chunk=listed_later, rows=[changed("c1", name="later"), entity("c3", updated_at=T2),
                                                changed("s1", name="once"), changed("a1", updated_at=T1, status="PAUSED")])
    stubs(account, store, "a9")
    read_at, before = listings(account)[0], versions(account)
    # Of a1 it has the same version: its status is the later listing's. Of s2 it saw a change, of s1 a further one. a2 is gone.
    older = [TREE[0], TREE[1], changed("s1", name="twice", updated_at=T3), changed("s2", name="seen"), TREE[4], entity("c4"),
             entity("a9", "s9", "c9", updated_at=T1)]
    state = store.ok("merge", chunk=whole, rows=older)
    assert (state["inserted"], state["updated"], state["removed"]) == (1, 3, 1)
    assert moved(account, before) == ["a2", "a9", "c4", "s1", "s2"] and gone(account) == ["a2"]
    assert [names(account)[key] for key in ("c1", "s1", "s2", "a9")] == ["later", "twice", "seen", "name of a9"]
    assert listings(account)[0] == read_at > listings(account)[1]
    (whole_opened,) = account.one("SELECT started_at FROM sync_chunks WHERE id = %s", whole)
    assert listings(account)[1] == whole_opened


def test_a_listing_of_a_clock_that_ran_ahead_is_no_later_one(account, store, database):
    """All is asked for, and stored."""
    account.slice(store, TREE, "entities")
    database.execute("UPDATE entity_listings SET read_at = now() + interval '2 hours', whole_at = now() + interval '2 hours'")
    database.execute("UPDATE entities SET updated_at = now() + interval '2 hours'")
    chunk = planned(account, store)
    assert store.ok("open", chunk=chunk)["since"] == 0
    store.ok("merge", chunk=chunk, rows=[entity("c1", name="renamed"), *TREE[1:]])
    assert names(account)["c1"] == "renamed"
    assert all(at <= database.query("SELECT now()")[0][0] for at in listings(account))


def test_a_listing_that_a_later_one_doubts_is_no_whole_one(account, store):
    listed(account, store, TREE)
    whole, later = planned(account, store, force=True), account.chunk(account.run("entities"), "entities")
    account.database.execute("UPDATE sync_chunks SET since = now() WHERE id = %s", later)
    store.ok("open", chunk=whole)
    store.ok("open", chunk=later)
    store.ok("merge", chunk=later, rows=[changed("c1", status="PAUSED")])
    store.ok("merge", chunk=whole, rows=TREE)
    assert account.one("SELECT status FROM entities WHERE external_id = 'c1'") == ("PAUSED",)
    assert store.ok("open", chunk=planned(account, store))["since"] == 0


def test_a_later_whole_listing_leaves_nothing_to_an_older_one(account, store):
    listed(account, store, TREE)
    older, whole = account.chunk(account.run("entities"), "entities"), planned(account, store, force=True)
    account.database.execute("UPDATE sync_chunks SET since = now() WHERE id = %s", older)
    store.ok("open", chunk=older)
    store.ok("open", chunk=whole)
    store.ok("merge", chunk=whole, rows=TREE)
    before = versions(account)
    store.ok("merge", chunk=older, rows=[changed("c1", name="older"), entity("c9")])
    assert moved(account, before) == []


# ---- lookups ----

def stubs(account, store, *ads, day=D1):
    """Facts of ads that no listing has brought."""
    account.slice(store, [fact(ad, day) for ad in ads], day_from=day, day_to=day)


def test_stubs_are_looked_up_behind_the_listing(account, store):
    listed(account, store, TREE)
    stubs(account, store, "a7", "a8")
    before = versions(account)
    chunk = planned(account, store)
    assert store.ok("open", chunk=chunk)["stubs"]
    # One of them comes with the listing, with the parents of both.
    rows = [entity("c7"), entity("s7", "c7", "c7"), entity("c8"), entity("s8", "c8", "c8"), entity("a7", "s7", "c7")]
    assert store.ok("look_up", chunk=chunk, rows=rows)["lookups"] == "ad a8"
    opened = store.ok("open", chunk=chunk)
    assert (opened["kind"], opened["lookups"], opened["page"], opened["cursor"], opened["stubs"], opened["calls"]) == \
        ("lookups", "ad a8", 2, None, False, 1)
    state = store.ok("merge", chunk=chunk, rows=[entity("a8", "s8", "c8", status="DELETED", updated_at=T1)])
    assert (state["inserted"], state["updated"], state["removed"], state["calls"]) == (0, 6, 0, 2)
    assert account.one("SELECT name, status, details::text, vanished_at FROM entities WHERE external_id = 'a8'") == \
        ("name of a8", "DELETED", "{}", None)
    assert moved(account, before) == ["a7", "a8", "c7", "c8", "s7", "s8"]
    assert not store.ok("open", chunk=planned(account, store))["stubs"]


def test_what_is_looked_up_in_vain_is_gone_and_not_asked_for_again(account, store):
    listed(account, store, TREE)
    stubs(account, store, "a8")
    chunk = planned(account, store)
    store.ok("open", chunk=chunk)
    assert store.ok("look_up", chunk=chunk, rows=[])["lookups"] == "ad a8, adset s8, campaign c8"
    store.ok("stage", chunk=chunk, rows=[], next="2")
    store.ok("stage", chunk=chunk, rows=[entity("s8", "c8", "c8")], next="3")
    state = store.ok("merge", chunk=chunk, rows=[entity("c8")])
    assert (state["updated"], state["removed"]) == (2, 1)
    assert gone(account) == ["a8"]
    before = versions(account)
    for wishes in ({}, {"force": True}):
        chunk = planned(account, store, **wishes)
        assert not store.ok("open", chunk=chunk)["stubs"]
        store.ok("merge", chunk=chunk, rows=TREE + [entity("c8"), entity("s8", "c8", "c8")])
    assert moved(account, before) == []


def test_a_listing_that_brings_every_stub_has_nothing_to_look_up(account, store):
    stubs(account, store, "a1")
    chunk = planned(account, store)
    store.ok("open", chunk=chunk)
    store.refused("not_found", "look_up", chunk=chunk, rows=TREE)
    assert account.one("SELECT page, lookups, (SELECT count(*) FROM chunk_entities) FROM chunk_cursor") == (1, None, 0)
    assert store.ok("merge", chunk=chunk, rows=TREE)["calls"] == 1
    assert account.one("SELECT count(*) FROM entities WHERE details ? 'stub'") == (0,)


def test_fifty_at_a_time_those_that_spent_last_first(account, store):
    listed(account, store, TREE)
    rows = [{"ad_id": f"a{n}", "adset_id": "s1", "campaign_id": "c1", "day": D1} for n in range(100, 160)]
    account.slice(store, rows)
    account.slice(store, [{"ad_id": f"a{n}", "adset_id": "s9", "campaign_id": "c1", "day": "2026-10-02"} for n in (159, 200)],
                  day_from="2026-10-02", day_to="2026-10-02")
    chunk = planned(account, store, force=True)
    store.ok("open", chunk=chunk)
    asked = store.ok("look_up", chunk=chunk, rows=TREE)["lookups"].split(", ")
    assert asked == ["ad a159", "ad a200", "adset s9"] + [f"ad a{n}" for n in range(100, 147)]
    store.ok("merge", chunk=chunk, rows=[])
    # Those that were not asked for wait for the next chunk, also behind a whole listing.
    assert gone(account) == sorted(name.split()[1] for name in asked)
    chunk = planned(account, store)
    store.ok("open", chunk=chunk)
    assert store.ok("look_up", chunk=chunk, rows=[])["lookups"] == ", ".join(f"ad a{n}" for n in range(147, 159))


def test_lookups_outlive_a_cursor(account, store, database):
    """No cursor of the provider's is needed to go on with them."""
    listed(account, store, TREE)
    stubs(account, store, "a8")
    chunk = planned(account, store)
    store.ok("open", chunk=chunk)
    store.ok("look_up", chunk=chunk, rows=[changed("c1", name="new")])
    store.ok("stage", chunk=chunk, rows=[entity("a8", "s8", "c8")], next="l01")
    for interval, page in (("16 minutes", 3), ("1 day", 1)):
        database.execute("UPDATE chunk_cursor SET saved_at = saved_at - %s::interval", interval)
        opened = store.ok("open", chunk=chunk)
        assert (opened["page"], opened["kind"]) == (page, "lookups" if page == 3 else "entities")
    assert account.one("SELECT count(*) FROM chunk_entities") == (0,)
