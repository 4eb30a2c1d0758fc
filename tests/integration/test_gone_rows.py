"""Stored rows that a slice lacks: what Meta's total of the day still contains stays, all else goes."""
import datetime
import random

import pytest

from store_client import Account, account, database, fact, store  # noqa: F401 (fixtures)
from test_reconcile import D1, ROWS, TOTALS, days, delete_ad, read, read_to_the_end, total

A1, A2, A3 = fact("a1", D1, "10"), fact("a2", D1, "20"), fact("a3", D1, "30")
LATER = str(datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(1))  # not over anywhere


def spent(account, day=D1):
    return {ad: spend for ad, date, spend in account.facts() if date == day}


def look_at_running_day(account, store, rows, totals=None):
    run = account.run()
    if totals is not None:
        account.database.execute("INSERT INTO run_totals (run_id, event_date, spend, impressions, clicks, conversions) "
                                 "VALUES (%s, %s, %s, %s, %s, 0)", run, LATER, *totals)
    chunk = account.chunk(run, day_from=LATER, day_to=LATER)
    store.ok("open", chunk=chunk)
    return store.ok("merge", chunk=chunk, rows=rows, compare=True)


def test_a_deleted_ad_stays_while_another_ads_row_is_lost_and_restated(account, store):
    read(account, store, [A1, A2, A3], [total(D1, "60", 3)])
    delete_ad(account, "a2")
    read_to_the_end(account, store, [A1], [total(D1, "60", 3)])
    assert spent(account) == {"a1": "10", "a2": "20", "a3": "30"}
    assert days(account, "state, cause, rows, unattributed_spend::text")[0] == ("verified", "lost", 3, "0")
    more = fact("a1", D1, "11")
    read_to_the_end(account, store, [more], [total(D1, "61.5", 3)])  # a3 is 30.5 now, and its row is lost
    assert spent(account) == {"a1": "11", "a2": "20", "a3": "30"}
    assert days(account, "state, unattributed_spend::text")[0] == ("differs", "0.5")
    read_to_the_end(account, store, [more, fact("a3", D1, "30.5")], [total(D1, "61.5", 3)])
    assert spent(account) == {"a1": "11", "a2": "20", "a3": "30.5"}
    assert days(account)[0] == ("verified", "deleted")
    assert account.database.query("SELECT column_name, old, new FROM restatements ORDER BY old") == [
        ("spend", "10", "11"), ("spend", "30", "30.5")]


def test_a_deleted_ad_stays_when_a_living_one_is_restated_to_nothing(account, store):
    read(account, store, [A1, A2, A3], [total(D1, "60", 3)])
    delete_ad(account, "a2")
    _, state = read(account, store, [A1], [total(D1, "30", 2)])
    assert (state["rc"], state["removed"]) == ("ok", 1)
    assert spent(account) == {"a1": "10", "a2": "20"} and days(account)[0] == ("verified", "deleted")


def test_of_two_deleted_ads_the_one_that_the_total_lacks_goes(account, store):
    small = fact("a4", D1, "5", impressions="40")
    everything = {"day": D1, "spend": "65", "impressions": "340", "clicks": "28"}
    read(account, store, [A1, A2, A3, small], [everything])
    for ad in ("a2", "a3", "a4"):
        delete_ad(account, ad)
    _, state = read(account, store, [A1], [everything | {"spend": "60", "impressions": "300", "clicks": "21"}])
    assert (state["rc"], state["removed"]) == ("ok", 1)
    assert spent(account) == {"a1": "10", "a2": "20", "a3": "30"} and days(account)[0] == ("verified", "deleted")
    _, state = read(account, store, [A1], [total(D1, "30", 2)])
    assert (state["rc"], state["removed"]) == ("ok", 1)
    assert spent(account) == {"a1": "10", "a2": "20"}
    assert read(account, store, [A1], [total(D1, "10", 1)])[1]["removed"] == 1
    assert spent(account) == {"a1": "10"} and days(account)[0] == ("verified", None)


def test_what_is_restated_after_its_ad_was_deleted_stays_as_it_was(account, store):
    read(account, store, [A1, A2], [total(D1, "30", 2)])
    delete_ad(account, "a2")
    read_to_the_end(account, store, [A1], [total(D1, "29.5", 2) | {"clicks": "12"}])
    assert spent(account) == {"a1": "10", "a2": "20"}
    assert days(account, "state, rows, unattributed_spend::text")[0] == ("differs", 2, "-0.5")


def test_deleted_ads_stay_while_the_total_is_unknown(account, store):
    read(account, store, [A1, A2, A3], [total(D1, "60", 3)])
    delete_ad(account, "a2")
    state = read_to_the_end(account, store, [A1], None)
    assert state["removed"] == 1  # a3 lives: what Meta no longer reports goes
    assert spent(account) == {"a1": "10", "a2": "20"} and days(account, "state, cause, rows")[0] == ("stored", None, 2)
    read_to_the_end(account, store, [A1], [total(D1, "30", 2)])
    assert spent(account) == {"a1": "10", "a2": "20"} and days(account)[0] == ("verified", "deleted")


@pytest.mark.parametrize("known", [True, False])
def test_an_ad_that_is_deleted_on_a_running_day_stays(account, store, known):
    look_at_running_day(account, store, [fact("a1", LATER, "10"), fact("a2", LATER, "20")], ("30", 200, 14))
    if known:
        delete_ad(account, "a2")
    grown = fact("a1", LATER, "11", impressions="110")
    look_at_running_day(account, store, [grown], ("30.5", 205, 14))  # a1 went on between the two calls
    assert spent(account, LATER) == {"a1": "11", "a2": "20"} and days(account)[0] == ("differs", "moving")
    look_at_running_day(account, store, [grown], ("31", 210, 14))
    assert spent(account, LATER) == {"a1": "11", "a2": "20"}
    assert days(account)[0] == ("verified", "deleted" if known else "lost")
    look_at_running_day(account, store, [grown], ("11", 110, 7))
    assert spent(account, LATER) == {"a1": "11"} and days(account)[0] == ("verified", None)


def test_a_deleted_ad_outlives_any_growth_of_a_running_day(account, store):
    look_at_running_day(account, store, [fact("a1", LATER, "10"), fact("a2", LATER, "20"), fact("a3", LATER, "1")],
                        ("31", 300, 21))
    delete_ad(account, "a2")
    state = look_at_running_day(account, store, [fact("a1", LATER, "90", impressions="900", clicks="70")], ("31", 300, 21))
    assert spent(account, LATER) == {"a1": "90", "a2": "20"} and state["removed"] == 1
    look_at_running_day(account, store, [fact("a1", LATER, "90", impressions="900", clicks="70")])
    assert spent(account, LATER) == {"a1": "90", "a2": "20"} and days(account)[0] == ("stored", None)


def test_a_lost_row_of_a_living_ad_is_read_again_once(account, store):
    """Its day adds up with the row that is stored, so it costs no further reading each night."""
    read(account, store, ROWS, TOTALS)
    before = account.facts()
    lost = ROWS[:1] + ROWS[2:]
    assert read(account, store, lost, TOTALS)[1]["rc"] == "differs"
    assert days(account)[0] == ("verified", None)
    assert read_to_the_end(account, store, lost, TOTALS)["removed"] == 0
    assert account.facts() == before and days(account)[0] == ("verified", "lost")
    assert read(account, store, lost, TOTALS)[1]["rc"] == "ok"
    delete_ad(account, "a2")  # it had been deleted, and the listing says so at last
    assert read(account, store, lost, TOTALS)[1]["rc"] == "ok"
    assert account.facts() == before and days(account)[0] == ("verified", "deleted")
    assert account.one("SELECT count(*) FROM restatements") == (0,)


def test_a_failing_day_keeps_the_ads_that_were_deleted(account, store):
    read(account, store, [A1, A2], [total(D1, "30", 2)])
    delete_ad(account, "a2")
    read(account, store, [A1], [total(D1, "30", 2)])
    chunk = account.chunk(account.run())
    store.ok("open", chunk=chunk)
    store.ok("put_back", chunk=chunk, fate="dead", code="transient", why="x")
    assert spent(account) == {"a1": "10", "a2": "20"} and days(account)[0] == ("failing", "transient")
    assert read(account, store, [A1], [total(D1, "30", 2)])[1]["removed"] == 0
    assert spent(account) == {"a1": "10", "a2": "20"} and days(account)[0] == ("verified", "deleted")
    assert account.one("SELECT count(*) FROM restatements") == (0,)


def test_hours_of_a_deleted_ad_go_and_stay_together(account, store):
    hours = [fact("a1", D1, "10", hour=9), fact("a2", D1, "4", hour=8), fact("a2", D1, "16", hour=9, impressions="40"),
             fact("a3", D1, "18", hour=9), fact("a3", D1, "12", hour=10)]
    everything = {"day": D1, "spend": "60", "impressions": "440", "clicks": "35"}
    read(account, store, hours, [everything], granularity="hour")
    delete_ad(account, "a2")
    delete_ad(account, "a3")

    def stored():
        return account.facts("e.external_id, f.event_hour", "metric_facts_hourly")

    assert read(account, store, hours[:1], [everything], granularity="hour")[1]["removed"] == 0
    assert stored() == [("a1", 9), ("a2", 8), ("a2", 9), ("a3", 9), ("a3", 10)]
    without = everything | {"spend": "40", "impressions": "300", "clicks": "21"}
    assert read(account, store, hours[:1], [without], granularity="hour")[1]["removed"] == 2
    assert stored() == [("a1", 9), ("a3", 9), ("a3", 10)]


# ---- any sequence of what can happen to a day, beside a model of what must be stored ----

class Day:
    """What is true at Meta of one day, and what of it a sync has stored."""

    def __init__(self, dice, running):
        self.dice, self.running = dice, running
        self.true = {f"a{n}": self.numbers() for n in range(1, 7)}
        self.deleted, self.known = set(), set()
        self.stored = {}
        self.deleted_before = set()

    def numbers(self):
        spend = self.dice.randint(100, 9999)
        return [spend, spend * self.dice.randint(3, 9) + self.dice.randint(0, 99), self.dice.randint(0, 40)]

    def living(self):
        return [ad for ad in self.true if ad not in self.deleted]

    def happen(self):
        """Since the last reading; at most one deleted ad is restated to nothing, at most by 2 % otherwise."""
        for ad in self.living():
            what = self.dice.random()
            if what < 0.1:
                self.deleted.add(ad)
            elif what < 0.15:
                del self.true[ad]
            elif what < 0.3:
                self.true[ad] = [n + (n * self.dice.randint(0 if self.running else -2, 2)) // 100 for n in self.true[ad]]
        for ad in list(self.deleted & self.true.keys()):
            if ad not in self.known and self.dice.random() < 0.5:
                self.known.add(ad)
        gone = sorted(self.known & self.stored.keys() & self.true.keys())
        if gone and not self.running and self.dice.random() < 0.15:
            del self.true[self.dice.choice(gone)]

    def sums(self):
        return [sum(n[i] for n in self.true.values()) for i in range(3)]


def row(ad, day, numbers):
    return fact(ad, day, f"{numbers[0] / 100:.2f}", impressions=str(numbers[1]), clicks=str(numbers[2]))


def stored_numbers(account, day):
    return {ad: [int(spend * 100), impressions, clicks] for ad, spend, impressions, clicks in account.database.query(
        "SELECT e.external_id, f.spend, f.impressions, f.clicks FROM metric_facts f JOIN entities e ON e.id = f.entity_id "
        "WHERE f.connection_id = %s AND f.event_date = %s", account.id, day)}


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_what_is_stored_is_what_the_total_contains(database, store, seed, running):
    dice = random.Random(f"{seed} {running}")
    account = Account(database)
    day, date = Day(dice, running), LATER if running else D1
    for turn in range(12):
        if turn > 0:
            day.happen()
        for ad in day.known:
            delete_ad(account, ad)
        totals = day.sums() if dice.random() < 0.85 else None
        if running:  # the total is as old as that
            for ad in day.living():
                day.true[ad] = [n + n * dice.randint(0, 2) // 100 for n in day.true[ad]]
        lost = {ad for ad in day.living() if dice.random() < 0.1} if dice.random() < 0.4 else set()
        told = {ad: day.true[ad] for ad in day.living() if ad not in lost}
        rows = [row(ad, date, numbers) for ad, numbers in told.items()]
        if running:
            look_at_running_day(account, store, rows, totals and (f"{totals[0] / 100:.2f}", totals[1], totals[2]))
        else:
            read_to_the_end(account, store, rows, totals and [
                {"day": date, "spend": f"{totals[0] / 100:.2f}", "impressions": str(totals[1]), "clicks": str(totals[2])}])
        before, day.stored = day.stored, stored_numbers(account, date)
        say = f"turn {turn}: told {told}, lost {lost}, deleted {day.deleted}, known {day.known}, total {totals}, before {before}"
        assert {ad: day.stored.get(ad) for ad in told} == told, say
        excluded, unseen = set(before) - set(day.true), set(day.true) - set(before) - set(told)
        for ad, numbers in before.items():
            if ad in told:
                continue
            contained = ad in day.true
            if excluded and (unseen or lost) and totals:  # they hide each other from the total
                assert day.stored.get(ad) in (None, numbers), say
            elif contained and ad in day.known:
                assert day.stored.get(ad) == numbers, f"{ad} was deleted: {say}"
            elif contained and totals and not running:
                assert day.stored.get(ad) == numbers, f"{ad} was lost: {say}"
            elif not contained and totals and not running:
                assert ad not in day.stored, f"{ad} is in no total: {say}"
            else:
                assert day.stored.get(ad) in (None, numbers), say
        assert set(day.stored) <= set(before) | set(told), say
        state, rows_said, unattributed = account.one(
            "SELECT state, rows, (unattributed_spend * 100)::int FROM account_days WHERE event_date = %s AND connection_id = %s",
            date, account.id)
        sums = [sum(n[i] for n in day.stored.values()) for i in range(3)]
        assert rows_said == len(day.stored), say
        assert unattributed == (totals and totals[0] - sums[0]), say
        # Sums of whole cents: half a cent for each row.
        equal = totals and totals[1:] == sums[1:] and abs(totals[0] - sums[0]) * 2 <= rows_said
        assert state == ("stored" if totals is None else "verified" if equal else "differs"), say
