"""Connections: one, many or all accounts of a token; changed, given another token, deleted."""
import uuid

import pytest
from system import TOKEN, wait_for


@pytest.fixture
def some(system, client, workspace, accounts):
    """A client, the paths of connections and tokens, three accounts and the id of a token that may read them."""
    c = client(workspace)
    names = [next(accounts) for _ in range(3)]
    text = f"of-{uuid.uuid4()}"
    system.sandbox.post("token", token=text, accounts=names)
    path = f"/workspaces/{workspace}"
    return c, path, names, c.post(f"{path}/tokens", {"access_token": text}, 201)["id"]


def test_one_account_is_connected_and_its_first_sync_begins(system, some):
    c, path, names, token = some
    made = c.post(f"{path}/connections", {"token_id": token, "accounts": [names[0].removeprefix("act_")]}, 201)
    (one,) = made["items"]
    assert (one["external_account_id"], one["status"], one["token_id"], one["token_source"], one["token_state"]) == (
        names[0], "active", token, "stored", "good")
    assert made["errors"] == []
    assert c.get(f"{path}/runs/{one['run_id']}")["trigger"] == "connect"
    wait_for("the sync", lambda: c.get(f"{path}/runs/{one['run_id']}")["status"] == "succeeded")
    (shown,) = c.get(f"{path}/connections")["items"]
    assert shown["last_synced_at"] and shown["next_sync_at"] and shown["facts_through"]
    again = c.post(f"{path}/connections", {"token_id": token, "accounts": names[:1], "sync": False}, 201)["items"]
    assert [a["id"] for a in again] == [one["id"]] and again[0]["run_id"] is None


def test_many_accounts_and_those_that_cannot_be(system, some):
    c, path, names, token = some
    made = c.post(f"{path}/connections", {"token_id": token, "accounts": [names[2], "act_1080", names[0]], "sync": False}, 201)
    assert [a["external_account_id"] for a in made["items"]] == [names[2], names[0]]
    assert [(e["external_account_id"], e["code"]) for e in made["errors"]] == [("act_1080", "no_access")]
    alone = c.post(f"{path}/connections", {"token_id": token, "accounts": ["act_1080"], "sync": False}, 422)
    assert alone["code"] == "no_access"
    assert len(c.get(f"{path}/connections")["items"]) == 2


def test_all_accounts(some):
    c, path, names, token = some
    made = c.post(f"{path}/connections", {"token_id": token, "all": True, "sync": False}, 201)
    assert sorted(a["external_account_id"] for a in made["items"]) == sorted(names)
    page = c.get(f"{path}/connections?limit=2")
    rest = c.get(f"{path}/connections?limit=2&cursor={page['next_cursor']}")
    assert [a["id"] for a in page["items"] + rest["items"]] == [a["id"] for a in made["items"]] and rest["next_cursor"] is None


def test_what_is_asked_for_is_checked(some):
    c, path, names, token = some
    for body, field in (({"token_id": token}, "accounts"), ({"token_id": token, "all": True, "accounts": names}, "accounts"),
                        ({"token_id": token, "accounts": ["x"]}, "accounts[0]"), ({"token_id": token, "accounts": []}, "accounts"),
                        ({"all": True}, "token_id"), ({"token_id": "x", "all": True}, "token_id")):
        assert [e["field"] for e in c.post(f"{path}/connections", body, 422)["errors"]] == [field]
    assert c.get(f"{path}/connections")["items"] == []


@pytest.fixture
def one(some):
    c, path, names, token = some
    made = c.post(f"{path}/connections", {"token_id": token, "accounts": names[:1], "sync": False}, 201)["items"][0]
    return c, f"{path}/connections/{made['id']}", made


def test_rename_pause_settings_resume(system, one):
    c, path, made = one
    changed = c.call("PATCH", path, 200, json={
        "name": "Zoë", "status": "paused", "settings": {"calls_per_window": 60, "nightly_at": "04:30", "hourly": True}}).json()
    assert (changed["name"], changed["status"], changed["settings"]) == (
        "Zoë", "paused", {"calls_per_window": 60, "nightly_at": "04:30", "hourly": True})
    assert c.post(f"{path}/sync-entities", status=409)["code"] == "conflict"
    changed = c.call("PATCH", path, 200, json={"status": "active", "settings": {"nightly_at": None}}).json()
    assert (changed["name"], changed["status"], changed["settings"]) == ("Zoë", "active", {"calls_per_window": 60, "hourly": True})


def test_a_change_is_whole_or_nothing(one):
    c, path, made = one
    for body, field in (({"name": "x", "settings": {"backfill_days": 0}}, "settings.backfill_days"),
                        ({"name": "x", "settings": {"colour": 1}}, "settings.colour"), ({"status": "disabled"}, "status"),
                        ({"name": ""}, "name"), ({"settings": {"hourly": "yes"}}, "settings.hourly")):
        assert [e["field"] for e in c.call("PATCH", path, 422, json=body).json()["errors"]] == [field]
    problem = c.call("PATCH", path, 422, json={"name": "x", "status": "paused", "settings": {"nightly_at": "24:00"}}).json()
    assert [(e["field"], e["value"]) for e in problem["errors"]] == [("nightly_at", "24:00")]
    shown = c.call("PATCH", path, 200, json={}).json()
    assert (shown["name"], shown["status"], shown["settings"]) == (made["name"], "active", {})


def test_another_token(system, some, one):
    c, path, made = one
    _, base, names, _ = some
    system.query("UPDATE connections SET status = 'needs_reauth', status_reason = 'x', error_code = 'needs_reauth',"
                 " access_check_at = now() + interval '1 hour' WHERE id = %s", made["id"])
    system.sandbox.post("token", token="of-another", accounts=names[1:])
    useless = c.post(f"{base}/tokens", {"access_token": "of-another"}, 201)["id"]
    assert c.call("PATCH", path, 422, json={"token_id": useless, "name": "x"}).json()["code"] == "no_access"
    assert [(x["status"], x["token_id"], x["name"]) for x in c.get(f"{base}/connections")["items"]] == [
        ("needs_reauth", made["token_id"], made["name"])]
    fresh = c.post(f"{base}/tokens", {"access_token": TOKEN}, 201)["id"]
    changed = c.call("PATCH", path, 200, json={"token_id": fresh}).json()
    assert (changed["status"], changed["token_id"], changed["error_code"]) == ("active", fresh, None)
    (run,) = c.get(f"{base}/runs?connection_id={made['id']}")["items"]
    assert (run["kind"], run["trigger"]) == ("full", "manual")
    assert [t["id"] for t in c.get(f"{base}/tokens")["items"]] == [useless, fresh]  # nobody used the old one any more


def test_delete_hides_at_once_and_removes(system, some, one):
    c, path, made = one
    assert c.post(f"{path}/sync-entities")["success"]
    c.call("DELETE", path, 202)
    assert c.get(f"{some[1]}/connections")["items"] == []
    assert c.call("DELETE", path, 404).json()["code"] == "not_found"
    assert c.call("PATCH", path, 404, json={"name": "x"}).json()["code"] == "not_found"
    wait_for("the rows to go", lambda: not system.query("SELECT 1 FROM connections WHERE id = %s", made["id"]))
    assert system.query("SELECT count(*) FROM entities WHERE connection_id = %s", made["id"]) == [[0]]


def test_disconnecting_keeps_the_data(system, some, one):
    c, path, made = one
    assert c.post(f"{path}/sync-entities")["success"]
    c.call("DELETE", f"{path}?keep_data=true", 202)
    (shown,) = c.get(f"{some[1]}/connections?status=disabled")["items"]
    assert (shown["id"], shown["token_id"], shown["token_state"]) == (made["id"], None, "none")
    assert system.query("SELECT count(*) FROM entities WHERE connection_id = %s", made["id"])[0][0] > 0
    problem = c.call("PATCH", path, 409, json={"status": "active", "name": "x"}).json()
    assert problem["code"] == "conflict" and "no token" in problem["detail"]
    assert c.get(f"{some[1]}/connections")["items"][0]["name"] == made["name"]


def test_nobody_reaches_a_connection_of_others(system, client, one):
    other = system.metricx("workspace", "create", "other")
    c, _, made = one
    stranger, path = client(other), f"/workspaces/{other}/connections/{made['id']}"
    assert stranger.get(f"/workspaces/{other}/connections")["items"] == []
    for method, body in (("PATCH", {"name": "mine"}), ("DELETE", None)):
        assert stranger.call(method, path, 404, json=body).json()["code"] == "not_found"
    assert system.query("SELECT name, deleted_at FROM connections WHERE id = %s", made["id"]) == [[made["name"], None]]
