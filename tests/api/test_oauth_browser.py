"""Connecting by a login at Meta, end to end: Chromium, our pages, the sandbox's dialog."""
import pytest
from browser import browser
from client import claims, jwt
from system import wait_for


@pytest.fixture
def asking(system):
    """The dialog asks, as Meta's does."""
    system.sandbox.post("oauth", ask=True)
    yield
    system.sandbox.post("oauth", ask=False)


@pytest.fixture
def person(system, workspace):
    """A browser in which an admin of the workspace is signed in."""
    with browser(system.url, jwt(claims([workspace], "admin"))) as one:
        yield one


@pytest.fixture
def another_person(system, workspace):
    with browser(system.url, jwt(claims([workspace], "admin"))) as one:
        yield one


def to_dialog(person, workspace, **more):
    person.open(f"/auth/meta/authorize?workspace_id={workspace}" + "".join(f"&{k}={v}" for k, v in more.items()))
    wait_for("the dialog", lambda: "sandbox" in person.text("h1"), 20)


def stored(system, workspace):
    return [system.query(f"SELECT count(*) FROM {table} WHERE workspace_id = %s", workspace)[0][0]
            for table in ("tokens", "connections", "sync_runs")]


def test_connected_and_the_first_sync_begins(system, asking, person, workspace, accounts):
    chosen = next(accounts)
    to_dialog(person, workspace)
    person.click("button[value=continue]")
    person.wait_text("#state", "Choose what to connect")
    assert person.path().startswith(f"/auth/meta/choose?workspace_id={workspace}&token_id=")
    assert len(person.find("#accounts input")) == 80
    person.click(f"#accounts input[value={chosen}]")
    person.click("#choice button")
    person.wait_text("#state", "Connected: 1.")
    assert chosen in person.text("#made") and "first sync requested" in person.text("#made")
    assert person.complaints() == []
    connection, account, status = system.query(
        "SELECT id, external_account_id, status FROM connections WHERE workspace_id = %s", workspace)[0]
    assert (account, status) == (chosen, "active")
    wait_for("the sync", lambda: system.query(
        "SELECT 1 FROM sync_runs WHERE connection_id = %s AND trigger = 'connect' AND status = 'succeeded'", connection))
    assert system.query("SELECT count(*) FROM metric_facts WHERE connection_id = %s", connection)[0][0] > 0
    person.driver.refresh()
    person.wait_text("#accounts", "connected already")


def test_cancelled(system, asking, person, workspace):
    to_dialog(person, workspace)
    person.click("button[value=cancel]")
    person.wait_text("#state", "cancelled at Meta; nothing was stored")
    assert stored(system, workspace) == [0, 0, 0]


def test_without_the_permission_to_read_ads(system, asking, person, workspace):
    to_dialog(person, workspace)
    person.click("input[name=ads_read]")
    person.click("button[value=continue]")
    person.wait_text("#state", "the permission ads_read was not given")
    assert stored(system, workspace) == [0, 0, 0]


def test_a_state_that_is_replayed(system, asking, person, workspace):
    to_dialog(person, workspace)
    dialog = person.driver.current_url
    person.click("button[value=continue]")
    person.wait_text("#state", "Choose what to connect")
    person.open(dialog)  # back at the dialog with the same state, and a fresh code from it
    person.click("button[value=continue]")
    person.wait_text("#state", "this login was used already")
    assert stored(system, workspace) == [1, 0, 0]


def test_a_state_of_another_session(system, asking, person, another_person, workspace):
    to_dialog(person, workspace)
    another_person.open(person.driver.current_url)
    another_person.click("button[value=continue]")
    another_person.wait_text("#state", "begun in another browser session")
    assert stored(system, workspace) == [0, 0, 0]


def test_a_connection_that_lost_its_token(system, asking, person, workspace, accounts, client):
    c, path, name = client(workspace), f"/workspaces/{workspace}", next(accounts)
    system.sandbox.post("token", token=f"lost-{workspace}", accounts=[name])
    token = c.post(f"{path}/tokens", {"access_token": f"lost-{workspace}"}, 201)["id"]
    (made,) = c.post(f"{path}/connections", {"token_id": token, "accounts": [name], "sync": False}, 201)["items"]
    system.query("UPDATE connections SET status = 'needs_reauth', access_check_at = now() + interval '1 hour' WHERE id = %s", made["id"])
    to_dialog(person, workspace, connection_id=made["id"])
    person.click("button[value=continue]")
    person.wait_text("#state", f"{name} has a token again; a sync was requested")
    assert system.query("SELECT status, token_id::text FROM connections WHERE id = %s", made["id"]) == [["active", token]]
