"""metricx login and jwt, and /ops."""
import json

import requests
from client import Client, claims, jwt
from conftest import url_of


def test_a_link_signs_one_browser_in_once(system, client, place):
    workspace, _ = place
    link = system.metricx("login", "--workspace", workspace, "--role", "admin")
    assert requests.head(link, allow_redirects=False, timeout=20).status_code == 200  # as link previews do
    browser = requests.Session()
    answer = browser.get(link, allow_redirects=False, timeout=20)
    assert answer.status_code == 303 and answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Max-Age=43200" in cookie
    runs = f"{system.url}/workspaces/{workspace}/runs"
    assert browser.get(runs, timeout=20).status_code == 200
    again = requests.get(link, allow_redirects=False, timeout=20)
    assert again.status_code == 401 and "used already" in again.json()["detail"] and "Set-Cookie" not in again.headers
    # A browser sends the cookie with what foreign pages ask for.
    sync = f"{system.url}/workspaces/{workspace}/connections/{workspace}/sync-entities"
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert browser.post(sync, headers=headers, timeout=20).status_code == 403
    for headers in ({}, {"Origin": system.url}, {"Sec-Fetch-Site": "same-origin"}):
        assert browser.post(sync, headers=headers, timeout=20).status_code == 404  # no such connection
    assert browser.post(f"{system.url}/auth/logout", headers={"Origin": "https://evil.example"}, timeout=20).status_code == 403
    assert browser.get(runs, timeout=20).status_code == 200
    assert browser.post(f"{system.url}/auth/logout", timeout=20).status_code == 204
    assert browser.get(runs, timeout=20).status_code == 401


def test_behind_https_browsers_come_by_nothing_else(system, workspace):
    api = system.start("metricx-api", LISTEN="127.0.0.1:0", PUBLIC_URL="https://metricx.example")
    url = url_of(api)
    code = system.metricx("login", "--workspace", workspace, "--role", "admin").split("code=")[1]
    answer = requests.get(f"{url}/auth/login?code={code}", allow_redirects=False, timeout=20)
    assert answer.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Lax; Secure") and answer.headers["Strict-Transport-Security"]
    token = {"Authorization": f"Bearer {jwt(claims([workspace], 'admin'))}"}
    answer = requests.get(f"{url}/auth/meta/authorize?workspace_id={workspace}", headers=token, allow_redirects=False, timeout=20)
    assert answer.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")
    plain = requests.get(f"{system.url}/auth/meta/authorize?workspace_id={workspace}", headers=token, allow_redirects=False, timeout=20)
    assert plain.headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Lax") and "Strict-Transport-Security" not in plain.headers
    api.stop()


def test_links_are_for_what_exists(system):
    done = system.metricx("login", "--workspace", "00000000-0000-4000-8000-000000000000", code=None)
    assert done.returncode == 1 and "no such workspace" in done.stderr
    for args, reason in [(("--operator", "--role", "admin"), "stands alone"), ((), "--workspace ID"),
                         (("--workspace", "00000000-0000-4000-8000-000000000000", "--role", "king"), "king")]:
        done = system.metricx("login", *args, code=None)
        assert done.returncode == 2 and reason in done.stderr, done.stderr


def test_a_token_for_programs(system, place):
    workspace, _ = place
    reader = Client(system.url, system.metricx("jwt", "--workspace", workspace))
    assert reader.get(f"/workspaces/{workspace}/runs")["items"] == []
    assert reader.post(f"/workspaces/{workspace}/connections/{workspace}/sync-entities", status=403)["code"] == "forbidden"
    assert system.metricx("jwt", "--workspace", "*", code=None).returncode == 2
    operator = Client(system.url, system.metricx("jwt", "--workspace", "*", "--role", "operator", "--days", "1"))
    status = operator.get("/ops/status")
    assert status["complete"] and status == {**json.loads(system.metricx("status", "--json")), **{
        key: status[key] for key in ("scheduler", "workers", "budgets", "queue", "runs")}}
    assert reader.get("/ops/status", 403)["code"] == "forbidden"


def test_dead_letters(system, client, place, connection):
    workspace, path = place
    operator = Client(system.url, system.metricx("jwt", "--workspace", "*", "--role", "operator"))
    run = client(workspace).post(f"{path}/sync-entities")["run_id"]
    dead = system.query("UPDATE sync_chunks SET status = 'dead', error_code = 'poison', error = 'x' WHERE run_id = %s RETURNING id", run)
    ids = [row[0] for row in dead]
    assert {item["id"] for item in operator.get("/ops/dead")["items"]} >= set(ids)
    operator.call("DELETE", f"/ops/dead/{ids[0]}", 204)
    assert operator.call("DELETE", f"/ops/dead/{ids[0]}").status_code == 404
    if len(ids) > 1:
        assert operator.post(f"/ops/dead/{ids[1]}/retry") == {"retried": 1}
    assert operator.post(f"/ops/dead/{ids[0]}/retry", status=404)["code"] == "not_found"
