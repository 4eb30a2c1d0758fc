"""The scheduler looks after the stored tokens: daily, and in the last week of their lives."""
from system import wait_for


def stored(system, client, workspace, text, **state):
    system.sandbox.post("token", token=text, **state)
    return client(workspace).post(f"/workspaces/{workspace}/tokens", {"access_token": text}, 201)["id"]


def row(system, token):
    return system.query("SELECT access_token_enc, scopes, expires_at, next_check_at - now() AS pause, expires_at - now() AS life "
                        "FROM tokens WHERE id = %s", token)[0]


def looked_at(system, token):
    wait_for("the look", lambda: 80000 < row(system, token)["pause"].total_seconds() <= 86400)
    return row(system, token)


def test_a_new_token_is_looked_at_and_then_daily(system, client, workspace):
    token = stored(system, client, workspace, f"fine-{workspace}", expires_in=8 * 86400)
    before = row(system, token)["access_token_enc"]
    after = looked_at(system, token)
    assert after["access_token_enc"] == before and "ads_read" in after["scopes"]
    assert 7 * 86400 < after["life"].total_seconds() <= 8 * 86400
    system.query("UPDATE tokens SET next_check_at = now(), scopes = NULL WHERE id = %s", token)
    assert "ads_read" in looked_at(system, token)["scopes"]


def test_a_token_without_an_end(system, client, workspace):
    token = stored(system, client, workspace, f"endless-{workspace}")
    assert looked_at(system, token)["expires_at"] is None


def test_a_token_in_its_last_week_gets_a_younger_one(system, client, workspace):
    token = stored(system, client, workspace, f"old-{workspace}", expires_in=6 * 86400)
    before = row(system, token)["access_token_enc"]
    wait_for("the younger one", lambda: row(system, token)["access_token_enc"] != before)
    assert row(system, token)["life"].days >= 59
    assert len(client(workspace).get(f"/workspaces/{workspace}/tokens/{token}/accounts")["items"]) == 80


def test_a_token_that_is_refused_is_so_for_its_connections(system, client, workspace, accounts):
    c, name = client(workspace), next(accounts)
    token = stored(system, client, workspace, f"lost-{workspace}", accounts=[name])
    looked_at(system, token)
    path = f"/workspaces/{workspace}/connections"
    (made,) = c.post(path, {"token_id": token, "accounts": [name], "sync": False}, 201)["items"]
    system.sandbox.post("token", token=f"lost-{workspace}", state="password_changed", accounts=[name])
    system.query("UPDATE tokens SET next_check_at = now() WHERE id = %s", token)
    wait_for("the word of it", lambda: c.get(path)["items"][0]["status"] == "needs_reauth")
    (shown,) = c.get(path)["items"]
    assert (shown["error_code"], shown["token_state"]) == ("needs_reauth", "refused") and "password" in shown["status_reason"]
    looked_at(system, token)


def test_what_fails_is_tried_again_an_hour_later(system, client, workspace):
    token = stored(system, client, workspace, f"unlucky-{workspace}")
    looked_at(system, token)
    system.sandbox.post("fault", kind="error", match="debug_token", status=400, code=100, count=1)
    system.query("UPDATE tokens SET next_check_at = now() WHERE id = %s", token)
    wait_for("the failure", lambda: "again in an hour" in system.daemons[0].log())
    assert 3000 < row(system, token)["pause"].total_seconds() <= 3600
    assert f"unlucky-{workspace}" not in system.daemons[0].log()
