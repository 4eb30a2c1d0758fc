"""Tokens: stored, replaced, never given back; the accounts that they may read."""
import json
import uuid

import pytest
import requests
from client import Client, claims, jwt
from conftest import url_of
from system import TOKEN, wait_for


def test_a_token_is_stored_encrypted_and_never_given_back(system, client, workspace):
    c = client(workspace)
    answer = c.call("POST", f"/workspaces/{workspace}/tokens", 201, json={"access_token": f" {TOKEN}\n"})
    token = answer.json()["id"]
    listed = c.call("GET", f"/workspaces/{workspace}/tokens", 200)
    assert [t["id"] for t in listed.json()["items"]] == [token]
    assert TOKEN not in answer.text + listed.text + system.api.log()
    (stored,) = system.query("SELECT access_token_enc, provider FROM tokens WHERE id = %s", token)
    assert stored[0].startswith("gAAAA") and stored[1] == "meta"
    (accounts,) = [c.get(f"/workspaces/{workspace}/tokens/{token}/accounts")]
    assert len(accounts["items"]) == 80


def test_a_token_that_is_refused_is_not_shown(system, client, workspace):
    c = client(workspace)
    path = f"/workspaces/{workspace}/tokens"
    secret = "never-to-be-shown"
    for body in ({"access_token": f"{secret} {secret}"}, {"access_token": secret, "provider": secret * 9000}, {"access_token": [secret]},
                 {"access_token": secret * 600}, {"access_tokn": f"EAAB{secret}"}):
        answer = c.call("POST", path, 422, json=body)
        assert answer.json()["code"] == "bad_input"
        if body.get("provider") is None:
            assert secret not in answer.text
    for broken in ('{"access_token": nevertobeshown}', '{"access_token": "nevertobeshown'):
        assert "nevertobeshown" not in c.call("POST", path, 400, data=broken, headers={"Content-Type": "application/json"}).text
    assert secret not in system.api.log()
    assert c.get(path)["items"] == []


def test_accounts_that_are_connected_are_marked(system, client, workspace, accounts):
    c = client(workspace)
    names = [next(accounts) for _ in range(3)]
    system.sandbox.post("token", token="of-three", accounts=names)
    token = c.post(f"/workspaces/{workspace}/tokens", {"access_token": "of-three"}, 201)["id"]
    made = c.post(f"/workspaces/{workspace}/connections", {"token_id": token, "accounts": names[1:2], "sync": False}, 201)
    calls = system.query("SELECT coalesce(sum(calls), 0) FROM call_ledger WHERE scope = 'meta:me'")[0][0]
    shown = c.get(f"/workspaces/{workspace}/tokens/{token}/accounts")["items"]
    assert {a["external_account_id"]: a["connection_id"] for a in shown} == {
        names[0]: None, names[1]: made["items"][0]["id"], names[2]: None}
    (kept,) = c.get(f"/workspaces/{workspace}/tokens")["items"]
    assert kept["ad_account_ids"] == names
    assert all(a["name"] and a["currency"] and a["timezone"] for a in shown)
    assert system.query("SELECT sum(calls) FROM call_ledger WHERE scope = 'meta:me'")[0][0] == calls + 1  # it was booked


def test_what_the_provider_refuses_says_so(system, client, workspace):
    c = client(workspace)
    system.sandbox.post("token", token="revoked", state="revoked")
    token = c.post(f"/workspaces/{workspace}/tokens", {"access_token": "revoked"}, 201)["id"]
    problem = c.get(f"/workspaces/{workspace}/tokens/{token}/accounts", 422)
    assert problem["code"] == "needs_reauth" and "not authorized" in problem["detail"]


def test_a_new_token_brings_its_refused_connections_back(system, client, workspace, accounts):
    c = client(workspace)
    names = [next(accounts) for _ in range(2)]
    system.sandbox.post("token", token="old", accounts=names)
    system.sandbox.post("token", token="new", accounts=names)
    token = c.post(f"/workspaces/{workspace}/tokens", {"access_token": "old"}, 201)["id"]
    made = c.post(f"/workspaces/{workspace}/connections", {"token_id": token, "accounts": names, "sync": False}, 201)["items"]
    c.call("PATCH", f"/workspaces/{workspace}/connections/{made[1]['id']}", 200, json={"status": "paused"})
    system.sandbox.post("token", token="old", state="expired", accounts=names)
    c.call("POST", f"/workspaces/{workspace}/connections/{made[0]['id']}/sync-entities", 200)
    def states():
        return {x["id"]: x["status"] for x in c.get(f"/workspaces/{workspace}/connections")["items"]}
    wait_for("the refusal", lambda: states()[made[0]["id"]] == "needs_reauth")
    assert c.call("PUT", f"/workspaces/{workspace}/tokens/{token}", 200, json={"access_token": "new"}).json()["id"] == token
    wait_for("its access", lambda: states() == {made[0]["id"]: "active", made[1]["id"]: "paused"})
    assert c.post(f"/workspaces/{workspace}/connections/{made[0]['id']}/sync-entities")["success"]


def test_a_stop_waits_for_what_a_client_has_left_behind(system, workspace, client):
    token = client(workspace).post(f"/workspaces/{workspace}/tokens", {"access_token": TOKEN}, 201)["id"]
    daemon = system.start("metricx-api")
    c = Client(url_of(daemon), jwt(claims([workspace], "admin")))
    calls = system.sandbox.get("calls")["counts"]["other"]
    system.sandbox.post("fault", kind="delay", match="adaccounts", delay_ms=3000, count=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        c.session.get(f"{c.url}/workspaces/{workspace}/tokens/{token}/accounts", timeout=0.5)
    c.session.close()
    wait_for("the question to Meta", lambda: system.sandbox.get("calls")["counts"]["other"] > calls)
    daemon.stop()
    assert "grace" not in daemon.log() and "Sanitizer" not in daemon.log()


def test_nobody_reaches_a_token_of_others(system, client, workspace):
    other = system.metricx("workspace", "create", "other")
    c, stranger = client(workspace), client(other)
    token = c.post(f"/workspaces/{workspace}/tokens", {"access_token": TOKEN}, 201)["id"]
    for id_ in (token, str(uuid.uuid4())):
        assert stranger.get(f"/workspaces/{other}/tokens/{id_}/accounts", 404)["code"] == "not_found"
        assert stranger.call("PUT", f"/workspaces/{other}/tokens/{id_}", 404, json={"access_token": "x"}).json()["code"] == "not_found"
        assert stranger.post(f"/workspaces/{other}/connections", {"token_id": id_, "all": True}, 404)["code"] == "not_found"
    viewer = client(workspace, role="viewer")
    assert [t["id"] for t in viewer.get(f"/workspaces/{workspace}/tokens")["items"]] == [token]
    assert viewer.post(f"/workspaces/{workspace}/tokens", {"access_token": "x"}, 403)["code"] == "forbidden"
    assert viewer.call("PUT", f"/workspaces/{workspace}/tokens/{token}", 403, json={"access_token": "x"}).json()["code"] == "forbidden"
    assert len(viewer.get(f"/workspaces/{workspace}/tokens/{token}/accounts")["items"]) == 80
    assert json.dumps(TOKEN) not in json.dumps(c.get(f"/workspaces/{workspace}/tokens"))
