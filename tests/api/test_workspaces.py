"""Workspaces, for the role service."""
import uuid

import pytest
from client import Client, claims, jwt
from system import wait_for


@pytest.fixture
def service(system):
    """Calls of a service that may enter these workspaces, or all."""
    made = []

    def make(*workspaces):
        made.append(Client(system.url, jwt(claims(list(workspaces) or "*", "service"))))
        return made[-1]

    yield make
    for one in made:
        one.session.close()


def names(client):
    return {w["id"]: w["name"] for w in client.get("/workspaces")["items"]}


def test_a_workspace_is_made_renamed_and_deleted(system, service):
    all_ = service()
    given = str(uuid.uuid4())
    made = all_.post("/workspaces", {"id": given, "name": "Zoë's"}, 201)
    assert (made["id"], made["name"]) == (given, "Zoë's")
    assert all_.post("/workspaces", {"id": given, "name": "other"}, 200) == made
    unnamed = all_.post("/workspaces", {"name": "b"}, 201)["id"]
    assert all_.call("PATCH", f"/workspaces/{given}", 200, json={"name": "c"}).json()["name"] == "c"
    assert names(all_)[given] == "c" and unnamed in names(all_)
    all_.call("DELETE", f"/workspaces/{given}", 202)
    assert given not in names(all_)
    for method, body in (("DELETE", None), ("PATCH", {"name": "d"})):
        assert all_.call(method, f"/workspaces/{given}", 404, json=body).json()["code"] == "not_found"
    wait_for("the workspace to go", lambda: not system.query("SELECT 1 FROM workspaces WHERE id = %s", given))
    assert all_.post("/workspaces", {"id": given, "name": "again"}, 201)["name"] == "again"


def test_names_and_ids_are_checked(service):
    for body, field in (({}, "name"), ({"name": ""}, "name"), ({"name": 1}, "name"), ({"name": "x", "id": "seven"}, "id"),
                        ({"name": "x", "colour": "red"}, "colour")):
        problem = service().post("/workspaces", body, 422)
        assert problem["code"] == "bad_input" and [e["field"] for e in problem["errors"]] == [field]
    assert service().post("/workspaces", {"name": "  "}, 422)["detail"] == "name: must not be empty"


def test_a_service_sees_only_the_workspaces_of_its_token(service):
    one, two = (service().post("/workspaces", {"name": name}, 201)["id"] for name in "ab")
    limited = service(one)
    assert list(names(limited)) == [one]
    for method, body in (("DELETE", None), ("PATCH", {"name": "d"})):
        assert limited.call(method, f"/workspaces/{two}", 404, json=body).json()["code"] == "not_found"
    assert limited.post("/workspaces", {"id": two, "name": "x"}, 404)["code"] == "not_found"
    assert names(service())[two] == "b"


def test_workspaces_come_in_pages(service):
    wanted = [service().post("/workspaces", {"name": f"page {n}"}, 201)["id"] for n in range(5)]
    limited, seen, cursor = service(*wanted), [], ""
    while cursor is not None:
        page = limited.get("/workspaces?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        seen += [w["id"] for w in page["items"]]
        cursor = page["next_cursor"]
    assert seen == wanted


def test_other_roles_may_not(client, workspace):
    for role in ("viewer", "admin", "operator"):
        assert client(workspace, role=role).get("/workspaces", 403)["code"] == "forbidden"


def test_deleting_a_workspace_takes_everything_of_it(system, service, connection, place):
    workspace, path = place
    c = Client(system.url, jwt(claims([workspace], "admin")))
    c.post(f"{path}/sync-entities")
    run = c.call("POST", f"{path}/sync-metrics", 202, json={}, headers={"Prefer": "respond-async"}).json()["run_id"]
    service().call("DELETE", f"/workspaces/{workspace}", 202)
    assert c.get(f"/workspaces/{workspace}/runs/{run}", 404)["code"] == "not_found"
    assert c.get(f"/workspaces/{workspace}/connections", 404)["code"] == "not_found"
    c.session.close()
    wait_for("all to go", lambda: not system.query("SELECT 1 FROM workspaces WHERE id = %s", workspace))
    for table in ("connections", "tokens", "sync_runs"):
        assert system.query(f"SELECT count(*) FROM {table} WHERE workspace_id = %s", workspace) == [[0]]
    for table in ("entities", "metric_facts", "sync_chunks"):
        assert system.query(f"SELECT count(*) FROM {table} WHERE connection_id = %s", connection) == [[0]]
