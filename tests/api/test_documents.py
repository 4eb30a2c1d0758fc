"""/openapi.json and /docs."""
import re

import requests
from browser import browser
from system import wait_for


def test_the_page_loads_only_what_we_serve(system):
    page = requests.get(f"{system.url}/docs", timeout=20)
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "http" not in policy and "default-src 'none'" in policy and "unsafe-inline" not in policy.split("style-src")[0]
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 3
    for name in files:
        assert not name.startswith(("http", "//"))
        got = requests.get(f"{system.url}/{name}", timeout=20)
        assert got.status_code == 200 and len(got.content) > 50, name
    assert requests.get(f"{system.url}/docs/swagger-ui-bundle.js", timeout=20).text.count("SwaggerUIBundle") > 0


def test_a_browser_shows_every_route(system):
    document = requests.get(f"{system.url}/openapi.json", timeout=20).json()
    with browser(system.url) as one:
        one.open("/docs")
        wait_for("its routes", lambda: len(one.find(".opblock")) == sum(map(len, document["paths"].values())), 30)
        shown = one.text(".opblock-summary-path").replace("\u200b", "")
        assert all(path in shown for path in document["paths"]) and "metricx-sync" in one.text(".title")
        one.click("#operations-default-post_workspaces_ws_metrics_ingest .opblock-summary-control")
        one.wait_text("#operations-default-post_workspaces_ws_metrics_ingest .opblock-section-request-body", "120210000000000001")
        assert one.complaints() == []


def test_every_route_is_described(system):
    document = requests.get(f"{system.url}/openapi.json", timeout=20).json()
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": system.url}]
    ids = [op["operationId"] for methods in document["paths"].values() for op in methods.values()]
    assert len(ids) == len(set(ids)) > 20
    sync = document["paths"]["/workspaces/{ws}/connections/{id}/sync-metrics"]["post"]
    assert [(p["in"], p["required"]) for p in sync["parameters"] if p["name"] == "Prefer"] == [("header", False)]
    assert list(document["paths"]["/workspaces/{ws}/events"]["get"]["responses"]["200"]["content"]) == ["text/event-stream"]
