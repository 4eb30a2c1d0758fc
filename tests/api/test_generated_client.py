"""A public validator reads /openapi.json, and a client that is made from it drives every route."""
import fcntl
import json
import pathlib
import shutil
import subprocess

import pytest
import requests
from client import claims, jwt
from system import TOKEN

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "client"


@pytest.fixture(scope="session")
def driver(build):
    """Its packages, once for all builds."""
    folder = build.parent / "client"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("package.json", "package-lock.json", "drive.js"):
            shutil.copy(SOURCE / name, folder)
        if not (folder / "node_modules/.package-lock.json").exists():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, timeout=600)
    return folder / "drive.js"


def calls_of(system, workspace, connection):
    """By operation: arguments and the status that must come."""
    link = system.metricx("login", "--workspace", workspace).split("code=")[1]
    spare = system.metricx("workspace", "create", "spare")
    token = system.query("SELECT token_id::text FROM connections WHERE id = %s", connection)[0][0]
    nobody = "11111111-1111-4111-8111-111111111111"
    day = {"start_date": "2026-10-01", "end_date": "2026-10-01"}
    run = system.metricx("sync", "--connection", connection, "--metrics", "--from", day["start_date"], "--to", day["end_date"],
                         "--wait").splitlines()[0]
    return {
        "get_openapi_json": ({}, 200),
        "get_docs": ({}, 200),
        "get_docs_start_js": ({}, 200),
        "get_docs_swagger_ui_bundle_js": ({}, 200),
        "get_docs_swagger_ui_css": ({}, 200),
        "post_workspaces_ws_metrics_ingest": ({"path": [workspace], "body": [
            {"external_entity_id": "1", "provider": "meta", "level": "ad", "event_date": "2026-10-01", "spend": "1.5"}]}, 200),
        "get_workspaces_ws_runs": ({"path": [workspace], "query": {"limit": 5, "status": "succeeded"}}, 200),
        "get_workspaces_ws_runs_id": ({"path": [workspace, run]}, 200),
        "get_workspaces_ws_runs_id_chunks": ({"path": [workspace, run]}, 200),
        "post_workspaces_ws_runs_id_cancel": ({"path": [workspace, run]}, 409),
        "get_workspaces_ws_coverage": ({"path": [workspace], "query": {"connection_id": connection}}, 200),
        "get_workspaces_ws_events": ({"path": [workspace]}, 200),
        "post_workspaces_ws_connections_id_sync_entities": ({"path": [workspace, connection], "body": {}}, 200),
        "post_workspaces_ws_connections_id_sync_metrics": ({"path": [workspace, connection], "body": day}, 200),
        "post_workspaces_ws_connections_id_forecast": ({"path": [workspace, connection], "body": day}, 200),
        "get_workspaces": ({"query": {"limit": 5}}, 200),
        "post_workspaces": ({"body": {"name": "made by a client"}}, 201),
        "patch_workspaces_ws": ({"path": [workspace], "body": {"name": "renamed"}}, 200),
        "delete_workspaces_ws": ({"path": [spare]}, 202),
        "get_workspaces_ws_tokens": ({"path": [workspace], "query": {"limit": 5}}, 200),
        "post_workspaces_ws_tokens": ({"path": [workspace], "body": {"access_token": TOKEN}}, 201),
        "put_workspaces_ws_tokens_id": ({"path": [workspace, token], "body": {"access_token": TOKEN}}, 200),
        "get_workspaces_ws_tokens_id_accounts": ({"path": [workspace, token]}, 200),
        "get_workspaces_ws_connections": ({"path": [workspace], "query": {"status": "active"}}, 200),
        "post_workspaces_ws_connections": ({"path": [workspace], "body": {"token_id": token, "accounts": ["act_1080"], "sync": False}}, 201),
        "patch_workspaces_ws_connections_id": ({"path": [workspace, connection], "body": {"settings": {"hourly": True}}}, 200),
        "delete_workspaces_ws_connections_id": ({"path": [workspace, nobody], "query": {"keep_data": "true"}}, 404),
        "get_auth_meta_authorize": ({"query": {"workspace_id": workspace}}, 302),
        "get_auth_meta_callback": ({"query": {"state": "none"}}, 403),
        "get_auth_meta_choose": ({"query": {"workspace_id": workspace, "token_id": token}}, 200),
        "get_auth_meta_choose_js": ({}, 200),
        "get_auth_login": ({"query": {"code": link}}, 303),
        "post_auth_logout": ({}, 204),
        "get_ops_status": ({}, 200),
        "get_ops_dead": ({}, 200),
        "post_ops_dead_id_retry": ({"path": [nobody]}, 404),
        "delete_ops_dead_id": ({"path": [nobody]}, 404),
    }


def test_every_route_by_a_generated_client(system, driver, connection, place, tmp_path):
    workspace, _ = place
    document = requests.get(f"{system.url}/openapi.json", timeout=20).json()
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    wanted = {op["operationId"] for methods in document["paths"].values() for op in methods.values()}
    calls = calls_of(system, workspace, connection)
    assert wanted == set(calls)
    tokens = {"get_ops": jwt(claims("*", "operator")), "post_ops": jwt(claims("*", "operator")), "delete_ops": jwt(claims("*", "operator"))}
    mine = jwt(claims([workspace], "admin"))
    service = dict.fromkeys(("get_workspaces", "post_workspaces", "patch_workspaces_ws", "delete_workspaces_ws"), jwt(claims("*", "service")))
    lines = [{"operation": name, "token": service.get(name) or next((t for start, t in tokens.items() if name.startswith(start)), mine), **arguments}
             for name, (arguments, _) in calls.items()]
    done = subprocess.run(["node", driver, tmp_path / "openapi.json", tmp_path / "client", system.url], input=json.dumps(lines),
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    results = json.loads(done.stdout.splitlines()[-1])
    assert {r["operation"]: r["status"] for r in results} == {name: status for name, (_, status) in calls.items()}
    assert ["event: connection.state" in r["begins"] for r in results if "begins" in r] == [True]
