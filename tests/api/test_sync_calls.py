"""The sync endpoints: they wait, and answer in the shapes that dashboards know."""
import concurrent.futures
import re
import subprocess

from client import claims, jwt
from system import wait_for


def test_entities_are_counted_by_level(system, client, place, connection):
    workspace, path = place
    c = client(workspace)
    first = c.post(f"{path}/sync-entities")
    levels = dict(system.query("SELECT level, count(*) FROM entities WHERE connection_id = %s GROUP BY level", connection))
    assert first["success"] and first["errors"] == []
    assert {k: v for k, v in first["synced"].items() if k != "duration_seconds"} == {
        "campaigns_created": levels["campaign"], "campaigns_updated": 0, "adsets_created": levels["adset"], "adsets_updated": 0,
        "ads_created": levels["ad"], "ads_updated": 0}
    assert first["synced"]["duration_seconds"] > 0
    again = c.post(f"{path}/sync-entities", {"force_refresh": True})
    assert again["run_id"] != first["run_id"]
    assert sum(v for k, v in again["synced"].items() if k != "duration_seconds") == 0


def test_metrics_of_a_range(system, client, place, connection):
    workspace, path = place
    c = client(workspace)
    day = str(system.query("SELECT (now() AT TIME ZONE timezone)::date - 3 FROM connections WHERE id = %s", connection)[0][0])
    body = {"start_date": day, "end_date": day}
    first = c.post(f"{path}/sync-metrics", body)
    facts = system.query("SELECT count(*) FROM metric_facts WHERE connection_id = %s", connection)[0][0]
    assert facts > 0 and first["success"]
    assert first["synced"]["facts_ingested"] == first["synced"]["ads_processed"] == facts
    assert first["synced"]["date_range"] == {"start": day, "end": day}
    again = c.post(f"{path}/sync-metrics", body)
    assert (again["synced"]["facts_ingested"], again["synced"]["facts_skipped"]) == (0, facts)
    chunks = c.get(f"/workspaces/{workspace}/runs/{again['run_id']}/chunks")["items"]
    assert {chunk["status"] for chunk in chunks} == {"done"}


def test_as_the_documents_say_with_curl(system, place):
    workspace, path = place

    def curl(call, *data):
        command = ["curl", "-s", "-X", "POST", f"{system.url}{path}/{call}", "-H", f"Authorization: Bearer {jwt(claims([workspace], 'admin'))}",
                   "-H", "Content-Type: application/json", *data]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout

    run, n, day = r'"run_id":"[0-9a-f-]{36}"', r"\d+", r'"\d{4}-\d\d-\d\d"'
    for data in ((), ("-d", "{}")):
        assert re.fullmatch(rf'{{"success":true,{run},"synced":{{"campaigns_created":{n},"campaigns_updated":{n},"adsets_created":{n},'
                            rf'"adsets_updated":{n},"ads_created":{n},"ads_updated":{n},"duration_seconds":[0-9.]+}},"errors":\[\]}}',
                            curl("sync-entities", *data))
    for body, start, end in (("{}", day, day), ('{"start_date":"2026-10-01","end_date":"2026-10-03"}', '"2026-10-01"', '"2026-10-03"')):
        assert re.fullmatch(rf'{{"success":true,{run},"synced":{{"facts_ingested":{n},"facts_skipped":{n},"facts_removed":{n},'
                            rf'"date_range":{{"start":{start},"end":{end}}},"ads_processed":{n},"duration_seconds":[0-9.]+}},"errors":\[\]}}',
                            curl("sync-metrics", "-d", body))


def test_an_equal_sync_joins_the_open_run_and_without_waiting_it_says_where_to_look(client, place, system, connection):
    """No call to Meta starts before all have asked: the run is open until then."""
    workspace, path = place
    c = client(workspace)
    system.metricx("hold", "--connection", connection, "--reason", "test")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        try:
            waits = pool.submit(client(workspace).post, f"{path}/sync-metrics", {})
            (run,), = wait_for("the run", lambda: system.query("SELECT id::text FROM sync_runs WHERE connection_id = %s", connection))
            for prefer in ("respond-async", "wait=1"):
                answer = c.call("POST", f"{path}/sync-metrics", 202, json={}, headers={"Prefer": prefer})
                assert answer.json()["run_id"] == run and answer.json()["status"] in ("queued", "running")
                assert answer.headers["Location"] == f"/workspaces/{workspace}/runs/{run}"
        finally:
            system.metricx("release", "--connection", connection)
        assert waits.result()["run_id"] == run and waits.result()["success"]
    assert c.get(f"/workspaces/{workspace}/runs/{run}")["status"] == "succeeded"


def test_bad_ranges_name_the_field(client, place):
    workspace, path = place
    c = client(workspace)
    for body, field in [({"start_date": "2019-01-01", "end_date": "2019-01-02"}, "start_date"),
                        ({"start_date": "2026-10-02", "end_date": "2199-01-01"}, "end_date"),
                        ({"start_date": "2026-10-02", "end_date": "2026-10-01"}, "start_date"),
                        ({"end_date": "2026-10-01"}, "start_date"), ({"start_date": "October"}, "start_date"),
                        ({"granularity": "week"}, "granularity"), ({"force_refresh": 1}, "force_refresh"), ({"from": 1}, "from")]:
        for call in ("sync-metrics", "forecast"):
            problem = c.post(f"{path}/{call}", body, 422)
            assert problem["code"] == "bad_input" and problem["errors"][0]["field"] == field, (body, problem)


def test_a_connection_that_is_not_active_is_a_conflict(system, client, place, connection):
    workspace, path = place
    c = client(workspace)
    for status, code in [("paused", "conflict"), ("needs_reauth", "needs_reauth"), ("no_access", "no_access")]:
        system.query("UPDATE connections SET status = %s WHERE id = %s", status, connection)
        assert c.post(f"{path}/sync-entities", status=409)["code"] == code


def test_a_forecast_does_nothing(system, client, place, connection):
    workspace, path = place
    forecast = client(workspace, role="viewer").post(f"{path}/forecast", {})
    assert set(forecast) == {"calls", "chunks", "seconds", "starts_at"} and forecast["calls"] > 0
    assert system.query("SELECT count(*) FROM sync_runs WHERE connection_id = %s", connection)[0][0] == 0


def test_a_run_is_cancelled_and_others_cannot(system, client, place, connection):
    workspace, path = place
    c = client(workspace)
    system.query("UPDATE connections SET settings = '{\"calls_per_window\": 1}' WHERE id = %s", connection)
    run = c.call("POST", f"{path}/sync-metrics", 202, json={}, headers={"Prefer": "respond-async"}).json()["run_id"]
    stranger = system.metricx("workspace", "create", "stranger")
    assert client(stranger).post(f"/workspaces/{stranger}/runs/{run}/cancel", status=404)["code"] == "not_found"
    assert c.post(f"/workspaces/{workspace}/runs/{run}/cancel")["status"] == "cancelled"
    assert c.post(f"/workspaces/{workspace}/runs/{run}/cancel", status=409)["code"] == "conflict"


def test_coverage_has_every_day(system, client, place, connection):
    workspace, path = place
    c, of = client(workspace), f"/workspaces/{workspace}/coverage?connection_id="
    assert c.get(of + connection)["items"] == []
    assert c.get(of + workspace, 404)["code"] == "not_found"  # there is no such connection
    c.post(f"{path}/sync-metrics", {})
    days = c.get(of + connection)["items"]
    assert len(days) == 91 and {day["state"] for day in days} <= {"stored", "verified"}
    assert c.get(f"/workspaces/{workspace}/coverage", 422)["errors"][0]["field"] == "connection_id"
    system.query("UPDATE connections SET deleted_at = now() WHERE id = %s", connection)
    assert c.get(of + connection, 404)["code"] == "not_found"
