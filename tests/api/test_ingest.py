"""Facts that others bring: exact, each stored or refused on its own, never over what a sync has stored."""
import concurrent.futures
import contextlib
import decimal
import json
import subprocess

import psycopg2
import pytest
import requests
from client import claims, jwt
from system import wait_for


def fact(**more):
    return {"external_entity_id": "ad-1", "provider": "meta", "level": "ad", "event_date": "2026-10-01", "currency": "EUR", **more}


@pytest.fixture
def ingest(client, workspace):
    c = client(workspace)

    def send(*facts, status=200, **more):
        return c.post(f"/workspaces/{workspace}/metrics/ingest", list(facts), status, **more)

    return send


def stored(system, workspace, table="metric_facts"):
    return system.query(f"SELECT f.*, e.external_id FROM {table} f JOIN entities e ON e.id = f.entity_id"
                        " WHERE f.workspace_id = %s ORDER BY e.external_id, f.event_date", workspace)


def answer(ingested, skipped, *errors):
    return {"success": not errors, "ingested": ingested, "skipped": skipped, "errors": list(errors)}


def test_as_the_documents_say_with_curl(system, workspace):
    command = ["curl", "-s", "-X", "POST", f"{system.url}/workspaces/{workspace}/metrics/ingest",
               "-H", f"Authorization: Bearer {jwt(claims([workspace], 'admin'))}", "-H", "Content-Type: application/json",
               "-d", json.dumps([{"external_entity_id": "120210000000000001", "provider": "meta", "level": "ad",
                                  "event_at": "2026-10-01T12:00:00+00:00", "currency": "USD", "spend": 12.34, "impressions": 1000}])]
    first, again = (subprocess.run(command, capture_output=True, check=True, text=True).stdout for _ in range(2))
    assert first == '{"success":true,"ingested":1,"skipped":0,"errors":[]}'
    assert again == '{"success":true,"ingested":0,"skipped":1,"errors":[]}'


def test_names_arrive_as_they_are(system, workspace, ingest):
    names = ["a'b\"c", "tab\tand\nline\r", "back\\slash\\N", "\\N", "%s $1 {}", "ümläut 🎉", "x" * 200, "\u2028 \x01"]
    facts = [fact(external_entity_id=name, attribution_setting=name[:100], clicks=n) for n, name in enumerate(names)]
    assert ingest(*facts) == answer(len(names), 0) and ingest(*facts) == answer(0, len(names))
    assert {(row["external_id"], row["attribution_setting"], row["clicks"]) for row in stored(system, workspace)} == {
        (name, name[:100], n) for n, name in enumerate(names)}


def test_a_long_currency_zone_and_provider(system, workspace, ingest):
    """As long as a provider may name them; and none of them makes a temporary table that has a TOAST table beside it, but the facts'."""
    provider = "p" * 40
    assert ingest(fact(provider=provider)) == answer(1, 0)
    system.query("UPDATE connections SET currency = %s, timezone = 'America/Argentina/ComodRivadavia' WHERE workspace_id = %s", "C" * 64, workspace)
    later = {**fact(provider=provider, event_date="2026-10-02")}
    later.pop("currency")
    assert ingest(later) == answer(1, 0)
    assert [row["currency"] for row in stored(system, workspace)] == ["EUR", "C" * 64]
    tables = system.query("SELECT relname, reltoastrelid <> 0 AS toasted FROM pg_class WHERE relpersistence = 't' AND relname ~ '^ingest' AND relkind = 'r'")
    assert {(t["relname"], t["toasted"]) for t in tables} == {("ingest", True), ("ingest_names", False), ("ingest_entities", False), ("ingest_keys", False)}


def test_a_workspace_without_connections_gets_one_that_is_never_synced(system, workspace, ingest):
    assert ingest(fact(spend="1.5", clicks=3)) == answer(1, 0)
    connection, = system.query("SELECT * FROM connections WHERE workspace_id = %s", workspace)
    assert (connection["external_account_id"], connection["timezone"], connection["currency"], connection["token_source"]) == (
        "ingest", "UTC", "EUR", "none")
    row, = stored(system, workspace)
    assert (row["spend"], row["clicks"], row["impressions"], row["source"], row["level"]) == (decimal.Decimal("1.5"), 3, 0, "ingest", "ad")
    entity, = system.query("SELECT * FROM entities WHERE workspace_id = %s", workspace)
    assert (entity["name"], entity["details"]) == ("ad-1", {"placeholder": True})
    assert ingest({**fact(external_entity_id="ad-2"), "currency": "USD"}) == answer(1, 0)
    assert len(system.query("SELECT 1 FROM connections WHERE workspace_id = %s", workspace)) == 1


def test_measures_left_out_stay(system, workspace, ingest):
    ingest(fact(spend="1", clicks=3))
    assert ingest(fact(clicks=4)) == answer(1, 0)
    assert ingest(fact()) == answer(0, 1)
    row, = stored(system, workspace)
    assert (row["spend"], row["clicks"]) == (1, 4)


@pytest.mark.parametrize("number", ["0.1", "12345678901234567.89", "1e-7", "1.50", "3E2", "0.000000000000000001", "1e5"])
def test_numbers_are_exact(system, workspace, client, number):
    body = json.dumps([fact(spend="SPEND", actions={"like": "COUNT"})]).replace('"SPEND"', number).replace('"COUNT"', number)
    client(workspace).call("POST", f"/workspaces/{workspace}/metrics/ingest", 200, data=body)
    row = system.query("SELECT spend, actions->'like' AS likes, jsonb_typeof(actions->'like') AS kind FROM metric_facts"
                       " WHERE workspace_id = %s", workspace)[0]
    assert row["spend"] == decimal.Decimal(number) and row["kind"] == "number"
    assert system.query("SELECT (actions->>'like')::numeric FROM metric_facts WHERE workspace_id = %s", workspace)[0][0] == decimal.Decimal(number)


@pytest.mark.parametrize("bad, field", [
    ({"spend": "12,5"}, "spend"), ({"spend": True}, "spend"), ({"spend": [1]}, "spend"), ({"clicks": -1}, "clicks"), ({"clicks": 1.5}, "clicks"),
    ({"clicks": "9223372036854775808"}, "clicks"), ({"spend": "1e400"}, "spend"), ({"spend": "NaN"}, "spend"), ({"level": "account"}, "level"),
    ({"event_date": "2026-02-30"}, "event_date"), ({"event_at": "2026-10-01T12:00:00"}, "event_at"), ({"granularity": "week"}, "granularity"),
    ({"granularity": "hour"}, "event_at"), ({"currency": "eur"}, "currency"), ({"external_entity_id": ""}, "external_entity_id"),
    ({"entity_id": "x"}, "entity_id"), ({"unknown": 1}, "unknown"), ({"actions": {"like": "many"}}, "actions"), ({"provider": None}, "provider"),
    ({"connection_id": "11111111-1111-4111-8111-111111111111"}, "connection_id"), ({"external_entity_id": "a\0b"}, "external_entity_id"),
    ({"entity_id": "11111111-1111-4111-8111-111111111111", "external_entity_id": None}, "external_entity_id")])
def test_a_bad_fact_is_named_and_the_good_ones_are_stored(system, workspace, ingest, bad, field):
    mixed = ingest(fact(spend=1), fact(external_entity_id="ad-2", **{k: v for k, v in bad.items() if k == "x"}) | bad)
    assert (mixed["success"], mixed["ingested"]) == (False, 1), mixed
    assert {e["index"] for e in mixed["errors"]} == {1} and mixed["errors"][0]["field"] == field, mixed
    assert [row["external_id"] for row in stored(system, workspace)] == ["ad-1"]
    assert ingest(fact() | bad, status=422)["ingested"] == 0


@pytest.mark.parametrize("number", ["1e400", "-1e99999", "1" * 500, "0." + "1" * 30])
def test_numbers_beyond_all_measure(workspace, client, number):
    body = json.dumps([fact(spend="SPEND")]).replace('"SPEND"', number)
    refused = client(workspace).call("POST", f"/workspaces/{workspace}/metrics/ingest", 422, data=body).json()
    assert refused["errors"][0]["field"] == "spend"


def test_the_same_key_twice_and_the_last_counts(system, workspace, ingest):
    assert ingest(fact(clicks=1), fact(clicks=2), fact(clicks=3)) == answer(1, 2)
    assert [row["clicks"] for row in stored(system, workspace)] == [3]


def test_days_and_hours_are_the_connections(system, client, place, connection):
    workspace, _ = place
    system.query("UPDATE connections SET timezone = 'America/Los_Angeles' WHERE id = %s", connection)
    c = client(workspace)
    at = {"event_date": None, "event_at": "2026-10-02T06:30:00Z"}
    send = [{k: v for k, v in (fact(external_entity_id="mine") | at | more).items() if v is not None} for more in ({}, {"granularity": "hour"})]
    assert c.post(f"/workspaces/{workspace}/metrics/ingest", send) == answer(2, 0)
    assert c.post(f"/workspaces/{workspace}/metrics/ingest", send) == answer(0, 2)
    day, = stored(system, workspace)
    hour, = stored(system, workspace, "metric_facts_hourly")
    assert str(day["event_date"]) == str(hour["event_date"]) == "2026-10-01" and hour["event_hour"] == 23
    assert day["connection_id"] == connection


def test_the_last_moment_of_a_day_is_of_that_day(system, workspace, ingest):
    """Finer than a microsecond, as some clocks say it: nothing is rounded up into the next day."""
    for n, second in enumerate(("59.9999999", "59.999999999", "59.999999", "59.1")):
        at = {k: v for k, v in fact(external_entity_id=f"ad-{n}", event_at=f"2026-10-01T23:59:{second}Z").items() if k != "event_date"}
        assert ingest(at, {**at, "granularity": "hour"}) == answer(2, 0)
    assert {str(row["event_date"]) for row in stored(system, workspace)} == {"2026-10-01"}
    assert {(str(row["event_date"]), row["event_hour"]) for row in stored(system, workspace, "metric_facts_hourly")} == {("2026-10-01", 23)}
    refused = ingest({**at, "event_at": f"2026-10-01T12:00:00.{'0' * 200}Z"}, status=422)
    assert refused["errors"][0]["field"] == "event_at"


def test_hours_around_a_change_of_clocks(system, workspace, ingest):
    """The hour that comes twice is one row for both; the one that is left out has none."""
    ingest(fact())
    system.query("UPDATE connections SET timezone = 'Europe/Berlin' WHERE workspace_id = %s", workspace)
    at = [("2026-10-25T00:30:00Z", 2), ("2026-10-25T01:30:00Z", 2), ("2026-10-25T02:30:00Z", 3), ("2026-03-29T00:30:00Z", 1), ("2026-03-29T01:30:00Z", 3)]
    send = [{k: v for k, v in fact(external_entity_id="clocks", event_at=instant, granularity="hour", clicks=n).items() if k != "event_date"}
            for n, (instant, _) in enumerate(at)]
    assert ingest(*send) == answer(4, 1)
    hours = [(str(row["event_date"]), row["event_hour"], row["clicks"]) for row in stored(system, workspace, "metric_facts_hourly")]
    assert sorted(hours) == [("2026-03-29", 1, 3), ("2026-03-29", 3, 4), ("2026-10-25", 2, 1), ("2026-10-25", 3, 2)]


def test_what_a_sync_owns_or_would_count_twice_is_refused(system, client, place, connection):
    workspace, path = place
    c = client(workspace)
    c.post(f"{path}/sync-entities")
    c.post(f"{path}/sync-metrics", {"start_date": "2026-10-01", "end_date": "2026-10-01"})
    ad = system.query("SELECT e.*, c.external_id AS campaign FROM metric_facts f JOIN entities e ON e.id = f.entity_id"
                      " JOIN entities c ON c.id = e.campaign_id WHERE f.connection_id = %s LIMIT 1", connection)[0]
    spend = system.query("SELECT spend FROM metric_facts WHERE entity_id = %s", ad["id"])[0][0]
    send = [fact(external_entity_id=ad["external_id"], spend=1), fact(external_entity_id=ad["campaign"], level="campaign"),
            fact(entity_id=str(ad["parent_id"]), level="adset", external_entity_id=None),
            fact(external_entity_id=ad["external_id"], event_date="2026-09-01", spend=7),
            fact(external_entity_id=ad["campaign"], level="campaign", event_date="2026-09-01")]
    send[2].pop("external_entity_id")
    done = c.post(f"/workspaces/{workspace}/metrics/ingest", send)
    assert done["ingested"] == 1 and [(e["index"], e["field"], e["message"][:9]) for e in done["errors"]] == [
        (n, "event_date", "overlaps:") for n in (0, 1, 2, 4)], done
    assert system.query("SELECT spend FROM metric_facts WHERE entity_id = %s AND event_date = '2026-10-01'", ad["id"])[0][0] == spend
    c.post(f"{path}/sync-metrics", {"start_date": "2026-09-01", "end_date": "2026-09-01"})  # leaves the ingested row alone
    row = system.query("SELECT spend, source FROM metric_facts WHERE entity_id = %s AND event_date = '2026-09-01'", ad["id"])[0]
    assert (row["spend"], row["source"]) == (7, "ingest")


def test_a_sync_that_is_quicker_by_an_instant(system, workspace, ingest):
    ingest(fact())
    with contextlib.closing(psycopg2.connect(system.database_url)) as sync, concurrent.futures.ThreadPoolExecutor(1) as pool:
        sync.cursor().execute("INSERT INTO metric_facts (workspace_id, connection_id, entity_id, provider, level, event_date, event_at, currency, source, clicks)"
                              " SELECT workspace_id, connection_id, id, provider, level, '2026-10-02', '2026-10-02', 'EUR', 'sync', 5 FROM entities"
                              " WHERE workspace_id = %s", (workspace,))
        slower = pool.submit(ingest, fact(event_date="2026-10-02", clicks=1), fact(event_date="2026-10-03", clicks=2))
        wait_for("the slower one", lambda: system.query("SELECT 1 FROM pg_locks WHERE NOT granted"))
        sync.commit()
        done = slower.result()
    assert (done["ingested"], done["skipped"], [(e["index"], e["field"], e["message"][:9]) for e in done["errors"]]) == (1, 0, [(0, "event_date", "overlaps:")])
    assert [row["clicks"] for row in stored(system, workspace)] == [0, 5, 2]


def test_levels_must_agree(workspace, ingest):
    ingest(fact())
    wrong = ingest(fact(level="campaign", event_date="2026-10-02"), status=422)
    assert wrong["errors"][0]["field"] == "level" and "level ad" in wrong["errors"][0]["message"]


def test_several_connections_must_be_named(system, client, workspace, accounts):
    ids = [system.connect(account=next(accounts), workspace=workspace) for _ in range(2)]
    c = client(workspace)
    refused = c.post(f"/workspaces/{workspace}/metrics/ingest", [fact()], 422)
    assert refused["errors"][0]["field"] == "connection_id" and "several" in refused["errors"][0]["message"]
    assert c.post(f"/workspaces/{workspace}/metrics/ingest", [fact(connection_id=ids[0])])["ingested"] == 1
    stranger = system.metricx("workspace", "create", "stranger")
    foreign = client(stranger).post(f"/workspaces/{stranger}/metrics/ingest", [fact(connection_id=ids[0])], 422)
    assert foreign["errors"][0]["field"] == "connection_id"


def test_too_many_and_no_array(workspace, ingest, client):
    assert ingest() == answer(0, 0)
    assert ingest(*[fact()] * 10001, status=422)["code"] == "bad_input"
    c = client(workspace)
    for body, status in [("{}", 422), ("[", 400), ("[1]", 422), ('[{"a":1,"a":2}]', 400), ("", 400), ("[" * 5000, 400)]:
        assert c.call("POST", f"/workspaces/{workspace}/metrics/ingest", data=body).status_code == status, body


def test_many_at_once(system, workspace):
    url = f"{system.url}/workspaces/{workspace}/metrics/ingest"
    head = {"Authorization": f"Bearer {jwt(claims([workspace], 'admin'))}"}
    body = [fact(external_entity_id=f"ad-{n}", clicks=n) for n in range(500)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [a.json() for a in pool.map(lambda _: requests.post(url, json=body, headers=head, timeout=60), range(8))]
    assert sum(a["ingested"] for a in answers) == 500 and sum(a["skipped"] for a in answers) == 3500
    assert len(stored(system, workspace)) == 500


def test_many_of_a_workspace_stop_no_other(system, client, workspace):
    """Its lock is held: one of them waits for it in PostgreSQL, and the others for their turn."""
    other = system.metricx("workspace", "create", "other")
    with contextlib.closing(psycopg2.connect(system.database_url)) as lock, concurrent.futures.ThreadPoolExecutor(12) as pool:
        lock.cursor().execute("SELECT pg_advisory_xact_lock(hashtextextended('metricx ingest ' || %s, 0))", (workspace,))
        sent = [pool.submit(client(workspace).post, f"/workspaces/{workspace}/metrics/ingest", [fact(external_entity_id=f"ad-{n}")]) for n in range(12)]
        wait_for("one that waits", lambda: system.query("SELECT 1 FROM pg_locks WHERE NOT granted"))
        for _ in range(3):
            assert client(other).get(f"/workspaces/{other}/runs")["items"] == []
        assert client(other).post(f"/workspaces/{other}/metrics/ingest", [fact()]) == answer(1, 0)
        assert not any(one.done() for one in sent)
        assert system.query("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0] == 1
        lock.rollback()
        assert [one.result() for one in sent] == [answer(1, 0)] * 12
    assert len(stored(system, workspace)) == 12
