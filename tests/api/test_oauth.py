"""Logging in at Meta, without a browser: there, back, and all that may be wrong on the way."""
import hashlib
import hmac
import time
import uuid
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
import requests
from client import APP_SECRET, SECRET, Client, claims, jwt
from system import wait_for


@pytest.fixture(autouse=True)
def usual_dialog(system):
    yield
    system.sandbox.post("oauth", deny=False, decline_ads_read=False, ask=False)


def begin(c, workspace, **more):
    """A login is begun; the dialog's URL."""
    answer = c.call("GET", "/auth/meta/authorize", 302, params={"workspace_id": workspace, **more})
    return answer.headers["Location"]


def dialog(url):
    """What the person answers there; the URL that the browser is sent back to."""
    answer = requests.get(url, allow_redirects=False, timeout=20)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].split("#")[0]


def path_of(url):
    at = urlsplit(url)
    return f"{at.path}?{at.query}"


def with_query(url, **changes):
    at = urlsplit(url)
    query = {**dict(parse_qsl(at.query)), **changes}
    return urlunsplit(at._replace(query=urlencode({k: v for k, v in query.items() if v is not None})))


def come_back(c, url, status):
    answer = c.call("GET", path_of(url), status)
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
    return answer.json()


def tokens(system, workspace):
    return system.query("SELECT id::text, access_token_enc, scopes, expires_at FROM tokens WHERE workspace_id = %s", workspace)


def test_a_login_stores_a_long_lived_token_and_its_accounts_are_chosen(system, client, workspace):
    c = client(workspace)
    url = begin(c, workspace)
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{system.env['META_DIALOG_URL']}/v26.0/dialog/oauth?")
    assert asked["redirect_uri"] == [f"{system.url}/auth/meta/callback"] and "ads_read" in asked["scope"][0]
    spent = system.query("SELECT coalesce(sum(calls), 0) FROM call_ledger WHERE scope = 'meta:me'")[0][0]
    back = dialog(url)
    done = come_back(c, back, 200)
    (token,) = tokens(system, workspace)
    assert done == {"workspace_id": workspace, "token_id": token["id"],
                    "accounts": f"/workspaces/{workspace}/tokens/{token['id']}/accounts"}
    assert token["access_token_enc"].startswith("gAAAA") and "ads_read" in token["scopes"]
    assert system.query("SELECT expires_at > now() + interval '59 days' FROM tokens WHERE id = %s", token["id"]) == [[True]]
    assert system.query("SELECT sum(calls) FROM call_ledger WHERE scope = 'meta:me'")[0][0] == spent + 3  # code, longer life, scopes
    account = c.get(done["accounts"])["items"][-1]["external_account_id"]
    made = c.post(f"/workspaces/{workspace}/connections", {"token_id": token["id"], "accounts": [account]}, 201)["items"][0]
    wait_for("the first sync", lambda: c.get(f"/workspaces/{workspace}/runs/{made['run_id']}")["status"] == "succeeded")
    log = system.api.log()
    for secret in (APP_SECRET, parse_qs(urlsplit(back).query)["code"][0], parse_qs(urlsplit(back).query)["state"][0], "EAAB"):
        assert secret not in log
    assert system.query("SELECT count(*) FROM oauth_states WHERE workspace_id = %s", workspace) == [[0]]


def test_browsers_are_sent_on_to_the_choice(system, client, workspace):
    c = client(workspace)
    answer = c.call("GET", path_of(dialog(begin(c, workspace))), 303, headers={"Accept": "text/html,*/*"})
    token = tokens(system, workspace)[0]["id"]
    assert answer.headers["Location"] == f"/auth/meta/choose?workspace_id={workspace}&token_id={token}"
    page = c.call("GET", answer.headers["Location"], 200)
    assert page.headers["Content-Type"].startswith("text/html") and "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert c.call("GET", "/auth/meta/choose.js", 200).headers["Content-Type"].startswith("text/javascript")


def test_what_meta_adds_to_its_answer_is_let_through(system, client, workspace):
    c = client(workspace)
    back = with_query(dialog(begin(c, workspace)), granted_scopes="ads_read", workspace_id="x" * 600)
    assert come_back(c, back, 200)["workspace_id"] == workspace


def test_cancelled(system, client, workspace):
    c = client(workspace)
    system.sandbox.post("oauth", deny=True)
    back = dialog(begin(c, workspace))
    problem = come_back(c, back, 403)
    assert problem["code"] == "cancelled" and "cancelled at Meta" in problem["detail"]
    assert come_back(c, back, 409)["code"] == "conflict"  # it was used up
    system.sandbox.post("oauth", deny=False)
    refused = with_query(dialog(begin(c, workspace)), error="access_denied")  # with a code all the same
    assert come_back(c, refused, 403)["code"] == "cancelled"
    assert tokens(system, workspace) == []


def test_without_the_permission_to_read_ads(system, client, workspace):
    c = client(workspace)
    system.sandbox.post("oauth", decline_ads_read=True)
    problem = come_back(c, dialog(begin(c, workspace)), 422)
    assert problem["code"] == "no_access" and "ads_read" in problem["detail"]
    assert tokens(system, workspace) == []


def test_a_state_serves_once(system, client, workspace):
    c = client(workspace)
    url = begin(c, workspace)
    come_back(c, dialog(url), 200)
    problem = come_back(c, dialog(url), 409)  # with a fresh code, even
    assert problem["code"] == "conflict" and "used already" in problem["detail"]
    assert len(tokens(system, workspace)) == 1


def test_a_state_serves_ten_minutes(system, client, workspace):
    c = client(workspace)
    back = dialog(begin(c, workspace))
    system.query("UPDATE oauth_states SET expires_at = now() - interval '1 second' WHERE workspace_id = %s", workspace)
    assert come_back(c, back, 409)["code"] == "conflict"
    assert tokens(system, workspace) == []
    begin(c, workspace)  # what has expired goes with the next login
    assert system.query("SELECT count(*) FROM oauth_states WHERE workspace_id = %s", workspace) == [[1]]


def test_a_state_serves_the_session_that_began_it(system, client, workspace):
    c, other = client(workspace), client(workspace)
    back = dialog(begin(c, workspace))
    for stranger in (other, client(workspace)):
        assert "another browser session" in come_back(stranger, back, 403)["detail"]
        begin(stranger, workspace)  # it has a session by now, but not this one
        assert "another browser session" in come_back(stranger, back, 403)["detail"]
    assert tokens(system, workspace) == []
    come_back(c, back, 200)  # nobody has used it up


def test_two_logins_in_one_session(system, client, workspace):
    c = client(workspace)
    first, second = dialog(begin(c, workspace)), dialog(begin(c, workspace))
    come_back(c, first, 200)
    come_back(c, second, 200)
    assert len(tokens(system, workspace)) == 2


def test_states_that_are_none(system, client, workspace):
    c = client(workspace)
    back = dialog(begin(c, workspace))
    state = parse_qs(urlsplit(back).query)["state"][0]
    access = jwt(claims([workspace], "admin"))
    forged = jwt({"for": "login at a provider", "jti": workspace, "workspace": workspace, "session": "", "exp": int(time.time()) + 60},
                 secret="another secret that is long enough too")
    unbound = jwt({"for": "login at a provider", "jti": workspace, "workspace": workspace, "connection": "", "session": "",
                   "exp": int(time.time()) + 60})
    session = hmac.new(SECRET.encode(), c.session.cookies["metricx_oauth"].encode(), hashlib.sha256).hexdigest()
    known = {"jti": str(uuid.uuid4()), "workspace": workspace, "connection": "", "session": session, "exp": int(time.time()) + 60}
    purpose = jwt({"for": "something else", **known})  # signed by us, but for another purpose
    assert come_back(c, with_query(back, state=jwt({"for": "login at a provider", **known})), 409)["code"] == "conflict"
    for wrong in (None, "", "x", state[:-2], access, forged, state + ".x", purpose):
        problem = come_back(c, with_query(back, state=wrong), 403)
        assert problem["code"] == "forbidden" and "begun here" in problem["detail"]
    assert come_back(c, with_query(back, state=unbound), 403)["code"] == "forbidden"
    assert tokens(system, workspace) == []
    with_state = Client(system.url, state)  # and a state is no access token
    with_state.get(f"/workspaces/{workspace}/runs", 401)
    with_state.session.close()


def test_codes_that_are_none(system, client, workspace):
    c = client(workspace)
    problem = come_back(c, with_query(dialog(begin(c, workspace)), code="AQBnone"), 422)
    assert problem["code"] == "bad_input" and "Invalid verification code" in problem["detail"]
    assert come_back(c, with_query(dialog(begin(c, workspace)), code=None), 502)["code"] == "bad_answer"
    back = with_query(dialog(begin(c, workspace)), code=None, error="server_error", error_description="<b>call 0800</b>")
    answer = c.call("GET", path_of(back), 502, headers={"Accept": "text/html"})
    assert "0800" not in answer.text and "Meta sent no code" in answer.text
    assert tokens(system, workspace) == []


def test_meta_fails(system, client, workspace):
    c = client(workspace)
    back = dialog(begin(c, workspace))
    system.sandbox.post("fault", kind="error", match="debug_token", status=400, code=190, subcode=460, message="changed", count=1)
    problem = come_back(c, back, 422)
    assert problem["code"] == "needs_reauth" and "changed" in problem["detail"]
    assert tokens(system, workspace) == []


def test_who_may_begin(system, client, workspace):
    other = system.metricx("workspace", "create", "other")
    assert client(workspace, role="viewer").get(f"/auth/meta/authorize?workspace_id={workspace}", 403)["code"] == "forbidden"
    assert client(workspace).get(f"/auth/meta/authorize?workspace_id={other}", 404)["code"] == "not_found"
    assert client(workspace).get("/auth/meta/authorize", 422)["errors"][0]["field"] == "workspace_id"
    nobody = Client(system.url)
    nobody.get(f"/auth/meta/authorize?workspace_id={workspace}", 401)
    nobody.session.close()


def lost(system, client, workspace, accounts):
    """Two connections that share a token which Meta refuses; a third one of another token."""
    c = client(workspace)
    names = [next(accounts) for _ in range(3)]
    path = f"/workspaces/{workspace}"
    made = []
    for text, of in (("shared", names[:2]), ("another", names[2:])):
        text = f"{text}-{workspace}"
        system.sandbox.post("token", token=text, accounts=of)
        token = c.post(f"{path}/tokens", {"access_token": text}, 201)["id"]
        made += c.post(f"{path}/connections", {"token_id": token, "accounts": of, "sync": False}, 201)["items"]
    system.query("UPDATE connections SET status = 'needs_reauth', error_code = 'needs_reauth', access_check_at = now() + interval '1 hour'"
                 " WHERE workspace_id = %s", workspace)
    return c, path, made


def test_a_connection_that_lost_its_token_gets_another(system, client, workspace, accounts):
    c, path, made = lost(system, client, workspace, accounts)
    done = come_back(c, dialog(begin(c, workspace, connection_id=made[0]["id"])), 200)
    def shown():
        return {x["id"]: (x["status"], x["token_id"]) for x in c.get(f"{path}/connections")["items"]}
    assert shown()[made[0]["id"]] == ("active", made[0]["token_id"])
    wait_for("the one that shares it", lambda: shown()[made[1]["id"]] == ("active", made[0]["token_id"]))
    assert shown()[made[2]["id"]] == ("needs_reauth", made[2]["token_id"])
    assert done["connection_id"] == made[0]["id"]
    wait_for("its sync", lambda: c.get(f"{path}/runs/{done['run_id']}")["status"] == "succeeded")
    assert system.query("SELECT 'ads_read' = ANY(scopes) FROM tokens WHERE id = %s", made[0]["token_id"]) == [[True]]


def test_a_login_that_may_not_read_the_account_changes_nothing(system, client, workspace, accounts):
    c, path, made = lost(system, client, workspace, accounts)
    system.query("UPDATE connections SET external_account_id = 'act_999' WHERE id = %s", made[0]["id"])
    before = tokens(system, workspace)
    problem = come_back(c, dialog(begin(c, workspace, connection_id=made[0]["id"])), 422)
    assert "act_999" in problem["detail"]
    assert tokens(system, workspace) == before
    assert {x["status"] for x in c.get(f"{path}/connections")["items"]} == {"needs_reauth"}
    stranger = system.metricx("workspace", "create", "other")
    query = f"workspace_id={stranger}&connection_id={made[0]['id']}"
    assert client(stranger).get(f"/auth/meta/authorize?{query}", 404)["code"] == "not_found"
