"""/openapi.json and /docs."""
import re

import requests


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


def test_every_route_is_described(system):
    document = requests.get(f"{system.url}/openapi.json", timeout=20).json()
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": system.url}]
    ids = [op["operationId"] for methods in document["paths"].values() for op in methods.values()]
    assert len(ids) == len(set(ids)) > 20
