"""What metricx-sandbox refuses and breaks: quotas (S29 to S31), faults that are ordered, its clock and options."""
import json
import time

import pytest
import requests
from graph_client import DAY, error, graph  # noqa: F401 (fixtures)

USAGE = ("x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle")


def test_s29_the_quota_of_an_account(graph):
    g = graph("--accounts", "2", "--limit-calls", "5", "--limit-window", "100")
    for _ in range(5):
        assert g.ask("act_1001/insights").status_code == 200
    refused = g.ask("act_1001/insights")
    error(refused, 400, 80000, 2446079)
    usage = json.loads(refused.headers["X-Business-Use-Case-Usage"])["1001"][0]
    assert usage["call_count"] >= 100 and usage["estimated_time_to_regain_access"] == 2  # minutes
    error(g.ask("act_1001/campaigns"), 400, 80004, 2446079)
    assert g.ask("act_1002/insights").status_code == 200  # only this account is shut
    g.post("limits", window_seconds=1)
    time.sleep(1.1)
    assert g.ask("act_1001/insights").status_code == 200
    calls = g.calls(window=100)
    assert calls["counts"] == {"insights": 7, "entities": 1, "account": 0, "other": 0} and calls["refused"] == 2
    assert calls["max_in_window"] == 8 and [c["status"] for c in calls["calls"]] == [200] * 5 + [400, 400, 200]
    g.post("reset-calls")
    assert g.calls()["total"] == 0


def test_s29_the_score(graph):
    g = graph("--tier", "development")
    for _ in range(60):
        assert g.ask("act_1001").status_code == 200
    refused = g.ask("act_1001")
    error(refused, 400, 17, 2446079)
    assert json.loads(refused.headers["X-Ad-Account-Usage"])["reset_time_duration"] == 300


def test_s30_usage_headers_on_every_answer(graph):
    g = graph("--limit-calls", "10", "--limit-window", "100")
    for answer in (g.ask("act_1001/insights"), g.ask("act_1001/insights", fields="nonsense")):
        assert all(name in answer.headers for name in USAGE) and "Retry-After" not in answer.headers
    assert json.loads(answer.headers["X-Business-Use-Case-Usage"])["1001"][0]["call_count"] == 20
    assert "x-fb-ads-insights-throttle" not in g.ask("act_1001/ads").headers
    g.stop()
    answer = graph("--no-usage-headers").ask("act_1001/insights")
    assert not any(name in answer.headers for name in USAGE)


def test_s31_the_quota_of_the_app(graph):
    g = graph("--accounts", "2", "--app-limit-calls", "3")
    for path in ("act_1001", "act_1002", "me"):
        assert g.ask(path).status_code == 200
    assert error(g.ask("act_1002"), 403, 4)["is_transient"] is True


def test_the_clock(graph):
    g = graph()
    stopped = g.get("clock")
    assert stopped == {"now": f"{DAY}T12:00:00Z", "now_ms": stopped["now_ms"], "stopped": True}
    time.sleep(0.02)
    assert g.get("clock") == stopped
    assert g.post("clock", advance_seconds=90)["now"] == f"{DAY}T12:01:30Z"
    assert g.post("clock", stop=False)["stopped"] is False
    running = g.get("clock")["now_ms"]
    time.sleep(0.02)
    assert g.get("clock")["now_ms"] > running
    assert requests.post(f"{g.url}/sandbox/clock", json={"now": "soon"}, timeout=9).status_code == 400
    assert requests.post(f"{g.url}/sandbox/nonsense", json={}, timeout=9).status_code == 404


def test_faults(graph):
    g = graph()
    g.post("fault", kind="status_500", match="insights", skip=1)
    assert g.ask("act_1001/insights").status_code == 200
    answer = g.ask("act_1001/insights")
    assert answer.status_code == 500 and answer.json() == {"error": {"code": 2}}
    assert g.ask("act_1001/insights").status_code == 200
    g.post("fault", kind="drop", match="act_1001/ads")
    assert g.ask("act_1001/campaigns").status_code == 200
    with pytest.raises(requests.ConnectionError):
        g.ask("act_1001/ads")
    g.post("fault", kind="error", match="", count=2, status=400, code=100, subcode=1487534, message="too much")
    for _ in range(2):
        assert error(g.ask("act_1001"), 400, 100, 1487534)["message"] == "too much"
    g.post("fault", kind="delay", match="account", delay_ms=300)
    begin = time.monotonic()
    assert g.ask("act_1001").status_code == 200 and time.monotonic() - begin >= 0.3
    assert g.calls()["faults_struck"] == 5
    g.post("fault", kind="delay", match="account", delay_ms=600000)
    with pytest.raises(requests.Timeout):
        requests.get(f"{g.url}/v26.0/act_1001", params={"access_token": "sandbox-token"}, timeout=0.2)
    g.post("fault", clear=True)  # and the stop at the end answers what still waits


BROKEN = "act_1001/insights?level=ad&time_increment=1&limit=9&time_range=%7B%22since%22%3A%222026-10-01%22%2C%22until%22%3A%222026-10-02%22%7D"


def test_faults_of_the_transport(graph):
    g = graph()
    right = g.ask(BROKEN)
    g.post("fault", kind="body", match="2026-10-01", status=404, body="<html>gone</html>")
    answer = g.ask(BROKEN)
    assert (answer.status_code, answer.text) == (404, "<html>gone</html>") and "text/html" in answer.headers["Content-Type"]
    g.post("fault", kind="body", status=200, body="")
    assert g.ask(BROKEN).content == b""
    g.post("fault", kind="truncate")
    assert g.ask(BROKEN).content == right.content[:len(right.content) // 2]
    for kind in ("reset", "drop"):
        g.post("fault", kind=kind)
        with pytest.raises(requests.RequestException):
            g.ask(BROKEN)
    g.post("fault", kind="drip")
    assert g.ask(BROKEN).content == right.content
    g.post("fault", kind="gzip")
    answer = g.ask(BROKEN)
    assert answer.headers["Content-Encoding"] == "gzip" and answer.content == right.content
    g.post("fault", kind="hang")
    with pytest.raises(requests.Timeout):
        requests.get(f"{g.url}/v26.0/act_1001", params={"access_token": "sandbox-token"}, timeout=0.2)
    assert g.calls()["faults_struck"] == 8


def test_faults_of_paging(graph):
    g = graph()
    right = g.insights()
    for kind in ("sparse", "empty_page"):
        g.post("fault", kind=kind, match="insights", count=2)
        assert g.insights(limit=len(right)) == right
    assert g.insights(limit=9) == right
    g.post("fault", kind="repeat_row", match="insights")
    assert g.insights(limit=9) == right[:9] + right[8:]
    first = g.ask(BROKEN).json()["paging"]["cursors"]["after"]
    g.post("fault", kind="loop", match="insights?after=QV")
    page = g.ask(BROKEN + "&after=" + first).json()
    assert page["paging"]["cursors"]["after"] == first and "next" in page["paging"]


def test_options(build, program):
    assert "--hostile-names" in program("metricx-sandbox", "--help").stdout
    assert program("metricx-sandbox", "--version").stdout.startswith("metricx-sandbox ")
    program("metricx-sandbox", "--check")
    for bad in (["--what"], ["--ads"], ["--ads", "-1"], ["--today", "2026-02-30"], ["--tier", "gold"], ["--listen", "nowhere"],
                ["--zone", "Europe/Atlantis"]):
        done = program("metricx-sandbox", *bad, code=1 if bad[0] == "--zone" else 2)
        assert bad[0] in done.stderr or bad[-1] in done.stderr
