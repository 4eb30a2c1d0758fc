"""Runs, in pages and one by one."""


def test_runs_come_in_pages(system, client, place, connection):
    workspace, _ = place
    asked = []
    for day in range(1, 6):
        asked += system.metricx("sync", "--connection", connection, "--metrics", "--from", f"2026-10-0{day}", "--to", f"2026-10-0{day}").splitlines()[:1]
    c = client(workspace, role="viewer")
    seen, cursor = [], None
    while True:
        page = c.get(f"/workspaces/{workspace}/runs?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == asked[::-1]
    wrong = c.get(f"/workspaces/{workspace}/runs?cursor=xyz", 422)
    assert wrong["code"] == "bad_input" and "cursor" in wrong["detail"]
    run = c.get(f"/workspaces/{workspace}/runs?limit=1")["items"][0]["id"]
    assert c.get(f"/workspaces/{workspace}/runs/{run}")["id"] == run
    stranger = system.metricx("workspace", "create", "stranger")
    assert client(stranger).get(f"/workspaces/{stranger}/runs/{run}", 404)["code"] == "not_found"
    assert client(stranger).get(f"/workspaces/{workspace}/runs/{run}", 404)["code"] == "not_found"
