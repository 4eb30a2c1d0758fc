"""Each day is compared with the account's own total of it before its slice is merged."""
import datetime

import pytest

from store_client import Account, account, database, entity, fact, store  # noqa: F401 (fixtures)

D1, D2, D3 = "2026-10-01", "2026-10-02", "2026-10-03"
ROWS = [fact("a1", D1), fact("a2", D1, "2.25"), fact("a1", D2, "2.00")]


def total(day, spend, rows):
    """As of that many rows: each has 100 impressions and 7 clicks."""
    return {"day": day, "spend": spend, "impressions": str(100 * rows), "clicks": str(7 * rows)}


TOTALS = [total(D1, "3.75", 2), total(D2, "2", 1)]  # nothing of the third day: it had no delivery


def ask_totals(account, store, run, totals, **more):
    chunk = account.insert("sync_chunks", run_id=run, connection_id=account.id, kind="metrics", ordinal=0, totals=True,
                           date_from=D1, date_to=D3)
    store.ok("open", chunk=chunk)
    return store.ok("merge", chunk=chunk, rows=totals, **more)


def read(account, store, rows, totals=None, run=None, **more):
    """A slice with its run's totals; the chunk, and the answer to its merge."""
    run = run or account.run(**more)
    chunk = account.chunk(run)
    if totals is not None:
        ask_totals(account, store, run, totals)
    store.ok("open", chunk=chunk)
    return chunk, store("merge", chunk=chunk, rows=rows, compare=True)


def days(account, columns="state, cause"):
    return account.database.query(f"SELECT {columns} FROM account_days WHERE granularity = 'day' ORDER BY event_date")


def delete_ad(account, ad):
    account.database.execute("UPDATE entities SET vanished_at = now() WHERE external_id = %s", ad)


def read_to_the_end(account, store, rows, totals):
    """The same answers to all questions, until they are stored."""
    chunk, state = read(account, store, rows, totals)
    if state["rc"] == "ok":
        return state
    store.ok("check_again", chunk=chunk, rows=rows)
    state = store("merge", chunk=chunk, rows=totals or [], compare=totals is not None)
    if state["rc"] == "ok":
        return state
    store.ok("read_again", chunk=chunk, rows=totals)
    return store.ok("merge", chunk=chunk, rows=rows)


def test_days_that_add_up_are_verified(account, store):
    chunk, state = read(account, store, ROWS, TOTALS)
    assert (state["rc"], state["status"], state["inserted"]) == ("ok", "succeeded", 3)
    assert days(account, "state, cause, rows, total_spend::text, total_impressions, total_clicks, unattributed_spend::text") == [
        ("verified", None, 2, "3.75", 200, 14, "0.00"), ("verified", None, 1, "2", 100, 7, "0.00"),
        ("verified", None, 0, "0", 0, 0, "0")]
    assert account.one("SELECT count(*) FROM run_totals") == (0,)  # its run has ended
    assert account.chunk_row(chunk, "rows, calls") == (3, 1)


@pytest.mark.parametrize("wrong", [
    {"spend": "3.77"}, {"impressions": "201"}, {"clicks": "13"}, {"spend": "0", "impressions": "0", "clicks": "0"}])
def test_a_difference_stores_nothing(account, store, wrong):
    chunk, state = read(account, store, ROWS, [TOTALS[0] | wrong, TOTALS[1]])
    assert state["rc"] == "differs" and "1 days" in state["error"]
    assert account.facts() == [] and days(account) == []
    assert account.chunk_row(chunk, "status") == ("running",)


def test_spend_may_differ_by_what_rounding_each_ad_does(account, store):
    _, state = read(account, store, [fact(f"a{n}", D1, "0.33") for n in range(1, 4)], [total(D1, "1", 3)])
    assert state["rc"] == "ok"
    _, state = read(account, store, [fact(f"a{n}", D1, "0.33") for n in range(1, 4)], [total(D1, "1.01", 3)])
    assert state["rc"] == "differs"


@pytest.mark.parametrize("currency, spend, verified, refused", [
    ("USD", "4", "12.01", "12.02"),  # whole amounts come as "4", and cents are rounded all the same
    ("USD", "4.5", "13.51", "13.52"), ("KWD", "4", "12.01", "12.02"), ("USD", "4.333", "13", "13.001"),
    ("JPY", "4", "13", "14")])
def test_rounding_is_of_the_last_digit_that_the_currency_has(database, store, currency, spend, verified, refused):
    account = Account(database, currency=currency)
    rows = [fact(f"a{n}", D1, spend) for n in range(1, 4)]
    assert read(account, store, rows, [total(D1, verified, 3)])[1]["rc"] == "ok"
    assert days(account)[0] == ("verified", None)
    assert read(account, store, rows, [total(D1, refused, 3)])[1]["rc"] == "differs"


def test_totals_that_were_old_are_asked_for_again(account, store):
    run = account.run()
    chunk, state = read(account, store, ROWS, [total(D1, "1.50", 1), TOTALS[1]], run)
    assert state["rc"] == "differs"
    store.ok("check_again", chunk=chunk, rows=ROWS)
    opened = store.ok("open", chunk=chunk)  # a worker died meanwhile
    assert (opened["checking"], opened["page"], opened["cursor"], opened["rows"], opened["calls"]) == (True, 2, None, 3, 1)
    state = store.ok("merge", chunk=chunk, rows=TOTALS, compare=True)
    assert state["inserted"] == 3 and len(account.facts()) == 3
    assert days(account) == [("verified", None)] * 3
    assert account.chunk_row(chunk, "rows, calls") == (3, 2)


def test_what_differs_still_is_read_again_and_then_stored_as_it_is(account, store):
    lost = ROWS[:1] + ROWS[2:]
    chunk, state = read(account, store, lost, TOTALS)
    assert state["rc"] == "differs"
    store.ok("check_again", chunk=chunk, rows=lost)
    assert store("merge", chunk=chunk, rows=TOTALS, compare=True)["rc"] == "differs"
    store.ok("read_again", chunk=chunk, rows=TOTALS)
    assert account.one("SELECT count(*) FROM chunk_facts") == (0,)
    opened = store.ok("open", chunk=chunk)
    assert (opened["checking"], opened["reread"], opened["page"], opened["rows"], opened["calls"]) == (False, True, 1, 0, 2)
    state = store.ok("merge", chunk=chunk, rows=lost)
    assert state["status"] == "succeeded"
    assert days(account, "state, cause, unattributed_spend::text") == [
        ("differs", "lost", "2.25"), ("verified", None, "0.00"), ("verified", None, "0")]
    assert account.chunk_row(chunk, "rows, calls") == (2, 3)
    read(account, store, ROWS, TOTALS)
    assert days(account) == [("verified", None)] * 3


def test_the_second_reading_heals_what_the_first_lost(account, store):
    chunk, _ = read(account, store, ROWS[:1], TOTALS)
    store.ok("check_again", chunk=chunk, rows=ROWS[:1])
    store.ok("read_again", chunk=chunk, rows=TOTALS)
    store.ok("merge", chunk=chunk, rows=ROWS)
    assert days(account) == [("verified", None)] * 3 and len(account.facts()) == 3


def test_totals_that_move_between_two_questions_are_called_moving(account, store):
    run = account.run()
    chunk, _ = read(account, store, ROWS, [total(D1, "3.80", 2), TOTALS[1]], run)
    store.ok("check_again", chunk=chunk, rows=ROWS)
    store.ok("read_again", chunk=chunk, rows=[total(D1, "3.90", 2), TOTALS[1]])
    store.ok("merge", chunk=chunk, rows=ROWS)
    assert days(account)[0] == ("differs", "moving")


def test_deleted_ads_keep_what_they_spent(account, store):
    read(account, store, ROWS, TOTALS)
    before = account.facts()
    delete_ad(account, "a2")
    _, state = read(account, store, ROWS[:1] + ROWS[2:], TOTALS)
    assert (state["rc"], state["removed"]) == ("ok", 0)
    assert account.facts() == before
    assert days(account) == [("verified", "deleted"), ("verified", None), ("verified", None)]
    assert account.one("SELECT count(*) FROM restatements") == (0,)
    # … and go when the total goes down by theirs.
    _, state = read(account, store, ROWS[:1] + ROWS[2:], [total(D1, "1.50", 1), TOTALS[1]])
    assert (state["rc"], state["removed"]) == ("ok", 1)
    assert days(account) == [("verified", None)] * 3
    assert account.database.query("SELECT column_name, new FROM restatements") == [("row", None)]


def test_an_ad_that_was_gone_before_it_was_read_is_the_cause(account, store):
    account.slice(store, [entity("c1"), entity("s1", "c1", "c1"), entity("a2", "s1", "c1", status="DELETED")], "entities")
    chunk, _ = read(account, store, ROWS[:1] + ROWS[2:], TOTALS)
    store.ok("check_again", chunk=chunk, rows=ROWS[:1] + ROWS[2:])
    store.ok("read_again", chunk=chunk, rows=TOTALS)
    store.ok("merge", chunk=chunk, rows=ROWS[:1] + ROWS[2:])
    assert days(account)[:2] == [("differs", "deleted"), ("verified", None)]


def test_a_run_without_totals_asks_for_those_of_its_days(account, store):
    chunk, state = read(account, store, ROWS)
    assert state["rc"] == "differs" and "3 days" in state["error"]
    store.ok("check_again", chunk=chunk, rows=ROWS)
    store.ok("merge", chunk=chunk, rows=TOTALS, compare=True)
    assert days(account) == [("verified", None)] * 3


def test_days_are_stored_unchecked_when_totals_cannot_be_had(account, store):
    chunk, _ = read(account, store, ROWS)
    store.ok("check_again", chunk=chunk, rows=ROWS)
    store.ok("merge", chunk=chunk, rows=[])
    assert days(account) == [("stored", None)] * 3 and len(account.facts()) == 3


def test_a_running_day_is_not_waited_for(account, store):
    today = str(datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(1))  # of nobody's past
    run = account.run()
    chunk = account.chunk(run, day_from=today, day_to=today)
    store.ok("open", chunk=chunk)
    store.ok("merge", chunk=chunk, rows=[fact("a1", today)], compare=True)
    assert days(account) == [("stored", None)]
    run = account.run()
    account.database.execute("INSERT INTO run_totals (run_id, event_date, spend, impressions, clicks, conversions) "
                             "VALUES (%s, %s, 9, 900, 9, 0)", run, today)
    chunk = account.chunk(run, day_from=today, day_to=today)
    store.ok("open", chunk=chunk)
    store.ok("merge", chunk=chunk, rows=[fact("a1", today)], compare=True)
    assert days(account) == [("differs", "moving")]


def test_hours_are_compared_with_their_days_total(account, store):
    hours = [fact("a1", D1, "1.50", hour=8), fact("a1", D1, "2.25", hour=9)]
    chunk, state = read(account, store, hours, [total(D1, "3.75", 2)], granularity="hour")
    assert state["rc"] == "ok"
    assert account.database.query("SELECT state FROM account_days WHERE granularity = 'hour'") == [("verified",)] * 3
    _, state = read(account, store, hours[:1], [total(D1, "3.75", 3)], granularity="hour")
    assert state["rc"] == "differs"


def test_rows_without_their_hour_are_in_no_hours_way(account, store):
    """They are shown, and being no loss that could heal, cost no further call."""
    hours = [fact("a1", D1, "1", hour=0), fact("a1", D1, "0.50", hour=-1, impressions="0"), fact("a2", D1, "2", hour=5),
             fact("a1", D1, "0.25", hour=-1, impressions="0")]
    said = {"day": D1, "spend": "3.75", "impressions": "200", "clicks": "28"}
    _, state = read(account, store, hours, [said], granularity="hour")
    assert (state["rc"], state["inserted"], state["unchanged"]) == ("ok", 2, 0)
    assert account.facts("e.external_id, f.event_hour, f.spend::text", "metric_facts_hourly") == [("a1", 0, "1"), ("a2", 5, "2")]
    known = "SELECT state, cause, rows, unattributed_spend::text FROM account_days ORDER BY event_date LIMIT 1"
    assert account.one(known) == ("differs", "lost", 2, "0.75")
    hours[3] |= {"hour": 7}
    read(account, store, hours[:1] + hours[2:], [said | {"spend": "3.25", "clicks": "21"}], granularity="hour")
    assert account.one(known) == ("verified", None, 3, "0.00")


def test_a_day_that_a_later_reading_has_written_is_left_alone(account, store):
    run = account.run()
    older = account.chunk(run)
    ask_totals(account, store, run, [total(D1, "1.50", 1)])
    store.ok("open", chunk=older)
    read(account, store, ROWS, TOTALS)
    state = store.ok("merge", chunk=older, rows=ROWS[:1], compare=True)
    assert (state["inserted"], state["removed"]) == (0, 0)
    assert len(account.facts()) == 3 and days(account) == [("verified", None)] * 3


def test_fewer_conversions_than_the_account_has_are_shown_at_no_further_call(account, store):
    with_one = [TOTALS[0] | {"conversions": "1"}, TOTALS[1]]
    sale = fact("a3", D1, "0", impressions="0", clicks="0", conversions="1")
    _, state = read(account, store, ROWS, with_one)
    assert state["rc"] == "ok" and days(account)[0] == ("differs", "lost")
    read(account, store, ROWS + [sale | {"conversions": "2"}], with_one)  # they keep coming in
    assert days(account)[0] == ("verified", None)
    _, state = read(account, store, ROWS, with_one)  # its row is lost, and only conversions show it
    assert state["removed"] == 0 and days(account)[0] == ("verified", "lost")
    _, state = read(account, store, ROWS, TOTALS)
    assert state["removed"] == 1 and days(account)[0] == ("verified", None)
    read(account, store, ROWS + [sale], with_one)
    delete_ad(account, "a3")
    _, state = read(account, store, ROWS, [TOTALS[0] | {"conversions": "3"}, TOTALS[1]])
    assert state["removed"] == 0 and days(account)[0] == ("verified", "deleted")


def test_totals_of_many_pages_and_days_left_out(account, store):
    run = account.run(planned="first")
    chunk = account.insert("sync_chunks", run_id=run, connection_id=account.id, kind="metrics", ordinal=0, totals=True,
                           date_from=D1, date_to=D3)
    store.ok("open", chunk=chunk)
    store.ok("stage", chunk=chunk, rows=TOTALS[:1], next="t0x")
    state = store.ok("merge", chunk=chunk, rows=[])
    assert (state["status"], state["plan"]) == ("running", True)
    assert account.database.query("SELECT event_date::text, spend::text, impressions FROM run_totals ORDER BY 1") == \
        [(D1, "3.75", 200), (D2, "0", 0), (D3, "0", 0)]
    assert account.row("facts_through") == (None,)
    account.database.execute("UPDATE sync_runs SET status = 'cancelled', finished_at = now()")
    store.ok("retain", days=7)
    assert account.one("SELECT count(*) FROM run_totals") == (0,)
