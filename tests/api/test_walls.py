"""Walls: every route, asked by everybody who may not, refuses and tells nothing; and so does the database by itself.

ROUTES is compared with /openapi.json: a route that is missing here fails the test. A row says who may ask (scope), what {id} is,
what goes into query and body, and the answer to whom all is allowed; `foreign`: the answer to ids of another workspace, 404 unless
it says so."""
import base64
import collections
import hashlib
import hmac
import json
import re
import time
import uuid

import psycopg2
import psycopg2.errors
import pytest
import requests
from client import SECRET, claims, described, jwt, part
from conftest import url_of
from system import wait_for

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NOWHERE = "00000000-0000-4000-8000-000000000000"
DAYS = {"start_date": "2026-10-01", "end_date": "2026-10-02"}
FACT = {"external_entity_id": "walls-1", "provider": "meta", "level": "ad", "event_date": "2026-09-01", "currency": "EUR", "clicks": 1}

Route = collections.namedtuple("Route", "scope good id query body foreign status", defaults=(None, "", None, {}, 404))
OPEN, READ, CHANGE, SERVICE, OPERATOR = "open", "read", "change", "service", "operator"
CONNECTION = "/workspaces/{ws}/connections/{id}"
# In this order at the end, when the right callers ask: what deletes comes last.
ROUTES = {
    ("GET", "/openapi.json"): Route(OPEN, 200),
    **{("GET", f"/docs{file}"): Route(OPEN, 200) for file in ("", "/start.js", "/swagger-ui-bundle.js", "/swagger-ui.css")},
    ("GET", "/auth/login"): Route(OPEN, 401, query="?code=nothing"),
    ("POST", "/auth/logout"): Route(OPEN, 204),
    ("GET", "/auth/meta/callback"): Route(OPEN, 403),
    ("GET", "/auth/meta/choose.js"): Route(OPEN, 200),
    ("GET", "/auth/meta/authorize"): Route(CHANGE, 302, query="?workspace_id={ws}&connection_id={connection}"),
    ("GET", "/auth/meta/choose"): Route(CHANGE, 200, query="?workspace_id={ws}&token_id={token}", status=200),  # a page without data
    ("GET", "/workspaces/{ws}/tokens"): Route(READ, 200),
    ("POST", "/workspaces/{ws}/tokens"): Route(CHANGE, 201, body={"access_token": "no-token-of-the-sandbox"}),
    ("GET", "/workspaces/{ws}/tokens/{id}/accounts"): Route(READ, 200, "token"),
    ("GET", "/workspaces/{ws}/connections"): Route(READ, 200),
    ("POST", "/workspaces/{ws}/connections"): Route(CHANGE, 201, body={"token_id": "{token}", "all": True, "sync": False}),
    ("PATCH", CONNECTION): Route(CHANGE, 200, "connection", body={"name": "renamed"}, foreign={"token_id": "{token}"}),
    ("GET", "/workspaces/{ws}/runs"): Route(READ, 200, query="?connection_id={connection}", status=200),  # none of them
    ("GET", "/workspaces/{ws}/runs/{id}"): Route(READ, 200, "run"),
    ("GET", "/workspaces/{ws}/runs/{id}/chunks"): Route(READ, 200, "run"),
    ("POST", "/workspaces/{ws}/runs/{id}/cancel"): Route(CHANGE, 409, "run"),
    ("GET", "/workspaces/{ws}/coverage"): Route(READ, 200, query="?connection_id={connection}"),
    ("GET", "/workspaces/{ws}/events"): Route(READ, 200),
    ("POST", CONNECTION + "/sync-entities"): Route(CHANGE, 200, "connection"),
    ("POST", CONNECTION + "/sync-metrics"): Route(CHANGE, 200, "connection", body=DAYS),
    ("POST", CONNECTION + "/forecast"): Route(READ, 200, "connection", body=DAYS),
    ("POST", "/workspaces/{ws}/metrics/ingest"): Route(
        CHANGE, 200, body=[{**FACT, "connection_id": "{connection}"}], status=422,
        foreign=[{**FACT, "connection_id": "{connection}"}, {**{k: v for k, v in FACT.items() if k[0:3] != "ext"}, "entity_id": "{entity}"}]),
    ("GET", "/ops/status"): Route(OPERATOR, 200),
    ("GET", "/ops/dead"): Route(OPERATOR, 200),
    ("POST", "/ops/dead/{id}/retry"): Route(OPERATOR, 200, "dead"),
    ("DELETE", "/ops/dead/{id}"): Route(OPERATOR, 404, "dead"),  # retried just now
    ("GET", "/workspaces"): Route(SERVICE, 200),
    ("POST", "/workspaces"): Route(SERVICE, 201, body={"name": "one more"}),
    ("PATCH", "/workspaces/{ws}"): Route(SERVICE, 200, body={"name": "renamed"}),
    ("PUT", "/workspaces/{ws}/tokens/{id}"): Route(CHANGE, 200, "token", body={"access_token": "no-token-of-the-sandbox"}),
    ("DELETE", CONNECTION): Route(CHANGE, 202, "connection"),
    ("DELETE", "/workspaces/{ws}"): Route(SERVICE, 202),
}
GUARDED = [(key, route) for key, route in ROUTES.items() if route.scope != OPEN]
# Routes of a workspace that go past the walls, once these have said that the thing is the caller's: tokens are opened, what was learned or
# staged goes with a connection, the ledger of calls is read.
PAST = {("GET", "/workspaces/{ws}/tokens/{id}/accounts"), ("POST", "/workspaces/{ws}/connections"), ("PATCH", CONNECTION), ("DELETE", CONNECTION),
        ("POST", "/workspaces/{ws}/runs/{id}/cancel"), ("POST", CONNECTION + "/forecast"), ("DELETE", "/workspaces/{ws}")}
TABLES = ("workspaces", "tokens", "connections", "entities", "metric_facts", "metric_facts_hourly", "sync_runs", "sync_chunks", "account_days",
          "restatements", "entity_listings", "connection_limits")


class Victim:
    """A workspace with something in every table, asleep: nothing of it changes by itself."""

    def __init__(self, system, client, account):
        self.system = system
        self.workspace = system.metricx("workspace", "create", f"secret-{uuid.uuid4()}")
        token = f"victim-{uuid.uuid4()}"
        system.sandbox.post("token", token=token, accounts=[account])
        self.connection = system.connect(account, token, workspace=self.workspace)
        c, path = client(self.workspace), f"/workspaces/{self.workspace}/connections/{self.connection}"
        c.post(f"{path}/sync-entities")
        c.post(f"{path}/sync-metrics", {**DAYS, "granularity": "hour"})
        self.run = c.post(f"{path}/sync-metrics", DAYS)["run_id"]
        wait_for("its runs", lambda: not self.rows("sync_runs", "status IN ('queued', 'running')"))
        system.query("UPDATE connections SET status = 'paused', name = 'secret-' || id WHERE id = %s", self.connection)
        system.query("UPDATE tokens SET next_check_at = now() + interval '1 day' WHERE workspace_id = %s", self.workspace)
        system.query("UPDATE sync_chunks SET status = 'dead', error_code = 'poison', error = 'secret' WHERE run_id = %s", self.run)
        system.query("INSERT INTO connection_limits (connection_id, what, rung, learned_at) VALUES (%s, 'day', 1, now())", self.connection)
        system.query("INSERT INTO restatements (connection_id, entity_id, event_date, column_name) SELECT connection_id, entity_id, event_date,"
                     " 'spend' FROM metric_facts WHERE connection_id = %s LIMIT 1", self.connection)
        self.token = self.rows("connections")[0]["token_id"]
        self.entity = self.rows("entities")[0]["id"]
        self.dead = self.rows("sync_chunks", "status = 'dead'")[0]["id"]
        self.secrets = self.find_secrets()
        assert all(self.rows(table) for table in TABLES)

    def rows(self, table, condition="true"):
        mine = {"workspaces": "id = %s", "tokens": "workspace_id = %s", "connections": "workspace_id = %s", "entities": "workspace_id = %s",
                "metric_facts": "workspace_id = %s", "metric_facts_hourly": "workspace_id = %s", "sync_runs": "workspace_id = %s"}.get(
                    table, "connection_id IN (SELECT id FROM connections WHERE workspace_id = %s)")
        return self.system.query(f"SELECT * FROM {table} WHERE {mine} AND {condition} ORDER BY 1, 2", self.workspace)

    def state(self):
        """All but the estimates that the scheduler renews."""
        known = ("id", "workspace_id", "name", "status", "status_reason", "token_id", "token_source", "settings", "deleted_at")
        return {table: [[row[column] for column in known] if table == "connections" else list(row) for row in self.rows(table)]
                for table in TABLES}

    def find_secrets(self):
        """What nobody else may ever read: its ids and names."""
        found = {self.workspace}
        for table, columns in (("connections", ("id", "name", "external_account_id")), ("tokens", ("id",)), ("sync_runs", ("id",)),
                               ("sync_chunks", ("id",)), ("entities", ("id",)), ("workspaces", ("name",))):
            found |= {str(row[column]) for row in self.rows(table) for column in columns}
        return found

    def path(self, workspace, path, query=""):
        return path.replace("{ws}", workspace) + self.fill(query.replace("{ws}", workspace))

    def fill(self, value):
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if isinstance(value, dict):
            return {k: self.fill(v) for k, v in value.items()}
        return re.sub(r"\{(connection|token|run|dead|entity)\}", lambda m: str(getattr(self, m[1])), value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def victim(system, accounts):
    from client import Client

    return Victim(system, lambda ws: Client(system.url, jwt(claims([ws], "admin"))), next(accounts))


@pytest.fixture(scope="module")
def own(system):
    return system.metricx("workspace", "create", "own")


@pytest.fixture
def asleep(victim):
    """The victim; nothing of it may have changed at the end of the test."""
    before = victim.state()
    yield victim
    assert victim.state() == before


def ask(system, victim, method, path, query="", body=None, token=None, **headers):
    """The answer, which holds nothing of the victim's but what was sent."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = requests.request(method, system.url + path + query, json=victim.fill(body), headers=headers, timeout=60, allow_redirects=False,
                              stream=True)
    if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        answer.close()
        return answer
    if method != "HEAD" and answer.status_code != 405:
        described(system.url).check(method, path, answer)
    told = answer.text + str(answer.headers)
    sent = path + query + json.dumps(victim.fill(body))
    leaked = [secret for secret in victim.secrets if secret in told and secret not in sent]
    answer.leaked = leaked
    return answer


def refused(answer, status, code):
    assert answer.status_code == status, (answer.request.method, answer.request.url, answer.status_code, answer.text)
    if answer.request.method == "HEAD":
        return
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert answer.headers["X-Request-Id"] == problem["request_id"] and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.leaked == []


def target(victim, key, workspace, route):
    path = key[1].replace("{ws}", workspace).replace("{id}", str(getattr(victim, route.id or "run")))
    return path, victim.fill(route.query.replace("{ws}", workspace))


def test_the_table_is_whole(system):
    described = requests.get(f"{system.url}/openapi.json", timeout=20).json()["paths"]
    assert set(ROUTES) == {(method.upper(), path) for path, methods in described.items() for method in methods if method != "parameters"}


def signed(alg, digest, who, secret=SECRET):
    text = part({"alg": alg, "typ": "JWT"}) + "." + part(who)
    return text + "." + part(hmac.new(secret.encode(), text.encode(), digest).digest())


def bad_tokens(workspace):
    who = claims([workspace], "admin")
    good = jwt(who)
    head, middle, tail = good.split(".")
    other = base64.urlsafe_b64encode(bytes([base64.urlsafe_b64decode(tail + "=")[0] ^ 1]) + base64.urlsafe_b64decode(tail + "=")[1:]).rstrip(b"=").decode()
    return {
        "none": None,
        "expired": jwt({**who, "exp": int(time.time()) - 1}),
        "without exp": jwt({k: v for k, v in who.items() if k != "exp"}),
        "exp is a text": jwt({**who, "exp": str(who["exp"])}),
        "of the future": jwt({**who, "nbf": int(time.time()) + 300}),
        "another secret": jwt(who, "another secret of the tests, also long enough"),
        "another bit": f"{head}.{middle}.{other}",
        "other claims": f"{head}.{part({**who, 'role': 'operator'})}.{tail}",
        "no signature": f"{head}.{middle}.",
        "two parts": f"{head}.{middle}",
        "alg none": part({"alg": "none", "typ": "JWT"}) + f".{middle}.",
        "alg none, signed": signed("none", hashlib.sha256, who),
        "alg None": signed("None", hashlib.sha256, who),
        "HS384": signed("HS384", hashlib.sha384, who),
        "HS512": signed("HS512", hashlib.sha512, who),
        "RS256": signed("RS256", hashlib.sha256, who),
        "hs256": signed("hs256", hashlib.sha256, who),
        "role unknown": jwt({**who, "role": "king"}),
        "everywhere without the role": jwt(claims("*", "admin")),
        "garbage": "a.b.c",
    }


def test_without_a_good_token(system, asleep):
    """Each bad token at every route, in the header; two of them in the cookie too."""
    for name, token in bad_tokens(asleep.workspace).items():
        for key, route in GUARDED:
            path, query = target(asleep, key, asleep.workspace, route)
            answer = ask(system, asleep, key[0], path, query, route.body, token)
            refused(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == "Bearer", name
            if name in ("expired", "alg none"):
                refused(ask(system, asleep, key[0], path, query, route.body, Cookie=f"access_token={token}"), 401, "unauthorized")


def test_other_methods(system, asleep):
    known = collections.defaultdict(set)
    for method, path in ROUTES:
        known[path] |= {method, "HEAD"} if method == "GET" else {method}
    for path, methods in known.items():
        key = next(k for k in ROUTES if k[1] == path)
        for method in METHODS:
            if method in methods:
                continue
            where, _ = target(asleep, key, asleep.workspace, ROUTES[key])
            for token in (None, jwt(claims([asleep.workspace], "admin"))):
                answer = ask(system, asleep, method, where, token=token)
                assert answer.status_code == 405, (method, path, answer.text)
                assert set(answer.headers["Allow"].split(", ")) == methods
                assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("other", ["own", NOWHERE])
def test_another_workspace(system, asleep, own, other):
    """A caller of other workspaces only, however low or high, and one whose workspace does not exist: both are told the same. Only who
    names a workspace of his token hears first that his role is too low."""
    told = set()
    for role in ("viewer", "admin", "operator", "service"):
        token = jwt(claims([own if other == "own" else other], role))
        for key, route in GUARDED:
            if "{ws}" not in key[1] + route.query:
                continue
            where = asleep.workspace if other == "own" else other
            path, query = target(asleep, key, where, route)
            answer = ask(system, asleep, key[0], path, query, route.body, token)
            too_low = other == NOWHERE and ((route.scope == CHANGE and role == "viewer") or (route.scope == SERVICE and role != "service"))
            if key[1] == "/auth/meta/choose" and other == NOWHERE and not too_low:
                assert (answer.status_code, answer.leaked) == (200, [])  # a page that asks for its data as everybody does
                continue
            refused(answer, *((403, "forbidden") if too_low else (404, "not_found")))
            if not too_low and route.id is None:
                told.add(answer.json()["detail"])
    assert "there is no such workspace" in told


def test_ids_of_another_workspace(system, asleep, own):
    """In the path, the query and the body of one's own workspace."""
    token = jwt(claims([own], "admin"))
    for key, route in GUARDED:
        if route.scope in (OPERATOR, SERVICE) or not (route.id or "{connection}" in route.query or "{token}" in str(route.body) + route.query
                                                      or route.foreign):
            continue
        path, query = target(asleep, key, own, route)
        answer = ask(system, asleep, key[0], path, query, route.foreign or route.body, token)
        assert answer.leaked == []
        if route.status == 404:
            refused(answer, 404, "not_found")
        assert answer.status_code == route.status, (key, answer.text)
        if key == ("GET", "/workspaces/{ws}/runs"):
            assert answer.json()["items"] == []
    assert system.query("SELECT 1 FROM connections WHERE workspace_id = %s AND external_account_id <> 'ingest'", own) == []
    assert system.query("SELECT 1 FROM metric_facts WHERE workspace_id = %s", own) == []


def test_an_own_connection_gets_no_token_of_others(system, asleep, own, client, accounts):
    c = client(own)
    connection = system.connect(next(accounts), workspace=own)
    refused = c.call("PATCH", f"/workspaces/{own}/connections/{connection}", 404, json={"token_id": asleep.token}).json()
    assert refused["code"] == "not_found"
    assert system.query("SELECT token_id FROM connections WHERE id = %s", connection)[0][0] != asleep.token


def test_roles_that_are_too_low(system, asleep):
    everywhere = {role: jwt(claims("*", role)) for role in ("operator", "service")}
    inside = {role: jwt(claims([asleep.workspace], role)) for role in ("viewer", "admin", "operator", "service")}
    too_low = {CHANGE: [inside["viewer"]],
               OPERATOR: [*inside.values(), everywhere["service"]],
               SERVICE: [inside["viewer"], inside["admin"], inside["operator"], everywhere["operator"]]}
    asked = 0
    for key, route in GUARDED:
        for token in too_low.get(route.scope, ()):
            path, query = target(asleep, key, asleep.workspace, route)
            refused(ask(system, asleep, key[0], path, query, route.body, token), 403, "forbidden")
            asked += 1
    assert asked > 30


def test_who_may_is_served(system, victim):
    """So that the refusals above are not those of a server that refuses all."""
    token = {READ: jwt(claims([victim.workspace])), CHANGE: jwt(claims([victim.workspace], "admin")), OPEN: None,
             SERVICE: jwt(claims([victim.workspace], "service")), OPERATOR: jwt(claims("*", "operator"))}
    for key, route in ROUTES.items():
        path, query = target(victim, key, victim.workspace, route)
        answer = ask(system, victim, key[0], path, query, route.body, token[route.scope])
        assert answer.status_code == route.good, (key, answer.status_code, answer.text)
    assert requests.get(f"{system.url}/workspaces/{victim.workspace}/runs", headers={"Authorization": f"Bearer {token[READ]}"},
                        timeout=20).status_code == 404


def test_all_others_stay_within(system, accounts):
    """Served by an API whose own user sees nothing but what metricx_api does, only what goes past the walls fails, and tells nothing."""
    from client import Client

    victim = Victim(system, lambda ws: Client(system.url, jwt(claims([ws], "admin"))), next(accounts))
    system.query("UPDATE connections SET status = 'active' WHERE id = %s", victim.connection)
    system.query("CREATE ROLE walls_blind LOGIN NOINHERIT; GRANT metricx_api TO walls_blind; GRANT SELECT ON schema_migrations TO walls_blind")
    try:
        api = system.start("metricx-api", LISTEN="127.0.0.1:0", DATABASE_URL=system.database_url.replace("postgres@", "walls_blind@"))
        url, failed = url_of(api), set()
        for key, route in ROUTES.items():
            if "{ws}" not in key[1] + route.query:
                continue
            path, query = target(victim, key, victim.workspace, route)
            role = "service" if route.scope == SERVICE else "admin"
            answer = requests.request(key[0], url + path + query, json=victim.fill(route.body), timeout=60, allow_redirects=False, stream=True,
                                      headers={"Authorization": f"Bearer {jwt(claims([victim.workspace], role))}"})
            if answer.status_code == 500:
                failed.add(key)
                assert answer.json()["code"] == "internal" and "permission" not in answer.text
            else:
                assert answer.status_code == route.good, (key, answer.text)
            answer.close()
        assert failed == PAST
        assert "permission denied" in api.log()
        api.stop()
    finally:
        system.query("REVOKE ALL ON schema_migrations FROM walls_blind; DROP ROLE walls_blind")
