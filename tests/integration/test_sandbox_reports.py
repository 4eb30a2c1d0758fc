"""Report runs of the sandbox are as Meta's: insights asked for by POST, polled, read when completed (S23 to S26)."""
import re

import pytest
import requests
from graph_client import error, graph  # noqa: F401 (fixtures)
from system import wait_for

QUESTION = {"level": "ad", "time_increment": 1, "time_range": {"since": "2026-10-01", "until": "2026-10-07"},
            "fields": "ad_id,impressions,spend,actions"}


def create(g, node="act_1001", **question):
    answer = g.post_graph(f"{node}/insights", form=question or QUESTION)
    assert answer.status_code == 200, answer.text
    run = answer.json()
    assert run.keys() == {"report_run_id"} and re.fullmatch("[0-9]{10,}", run["report_run_id"])
    return run["report_run_id"]


def poll(g, run, **params):
    answer = g.ask(run, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(g, run):
    row = poll(g, run)
    return row["async_status"], row["async_percent_completion"]


def finish(g, run):
    wait_for("the report", lambda: state(g, run) == ("Job Completed", 100))


def test_s23_a_run_goes_through_its_states_to_the_rows_of_the_sync_call(graph):
    g = graph()
    g.post("report", polls=8, hold=2)
    run = create(g)
    states = [state(g, run) for _ in range(11)]
    assert states == [("Job Not Started", 0), ("Job Not Started", 0), ("Job Started", 0), ("Job Started", 0), ("Job Running", 0),
                      ("Job Running", 25), ("Job Running", 50), ("Job Running", 75), ("Job Running", 100), ("Job Running", 100),
                      ("Job Completed", 100)]
    assert state(g, run) == states[-1]
    rows = g.insights(fields=QUESTION["fields"])
    assert rows and g.data(f"{run}/insights", limit=5000) == rows


def test_s23_what_the_node_says(graph):
    g = graph()
    g.post("report", polls=2)
    run = create(g)
    row = poll(g, run)
    assert row == {"id": run, "account_id": "1001", "time_ref": 1795348800, "async_status": "Job Not Started",
                   "async_percent_completion": 0, "date_start": "2026-10-01", "date_stop": "2026-10-07"}
    assert poll(g, run)["is_running"] is True
    g.post("clock", advance_seconds=60)
    row = poll(g, run, fields="async_status,time_completed,is_running,friendly_name")
    assert row == {"id": run, "async_status": "Job Completed", "time_completed": 1795348860, "is_running": True}
    assert poll(g, run, fields=["async_status"]) == {"id": run, "async_status": "Job Completed"}
    found = error(g.ask(run, fields="async_status,colour"), 400, 100)
    assert found["message"] == "(#100) Tried accessing nonexisting field (colour) on node type (AdReportRun)"


@pytest.mark.parametrize("how", ["form", "body"])
def test_s23_the_question_comes_as_a_form_or_as_json(graph, how):
    g = graph()
    g.post("report", polls=0)
    answer = g.post_graph("act_1001/insights/", **{how: {**QUESTION, "fields": ["ad_id", "spend"]}})
    rows = g.data(f"{answer.json()['report_run_id']}/insights", limit=5000)
    assert rows == g.insights(fields="ad_id,spend")
    error(g.post_graph("act_1001/insights", **{how: {"fields": "spend,colour"}}), 400, 100)
    error(g.post_graph("act_1001/insights", **{how: {"breakdowns": ["age", "country"]}}), 400, 2, 1504041)
    error(g.post_graph("act_1001/insights", **{how: {"time_range": {"since": "2020-01-01", "until": "2020-01-02"}}}), 400, 3018)
    error(g.post_graph("act_1999/insights", **{how: QUESTION}), 400, 100, 33)
    error(g.post_graph("act_1001/insights", token="bad", **{how: QUESTION}), 400, 190)
    assert g.get("reports")["created"] == 1


def test_s23_campaigns_ad_sets_ads_and_breakdowns(graph):
    g = graph()
    g.post("report", polls=0)
    entities = {e["level"]: e["external_id"] for e in g.truth()["entities"] if e["status"] == "ACTIVE"}
    for level in ("campaign", "adset", "ad"):
        question = {"level": level, "fields": "impressions,spend", "breakdowns": ["age"]}
        run = create(g, entities[level], **question)
        rows = g.data(f"{run}/insights")
        assert rows == g.data(f"{entities[level]}/insights", **question)
        assert poll(g, run)["account_id"] == "1001"


def test_s23_pages(graph):
    g = graph()
    g.post("report", polls=0)
    run = create(g, **{**QUESTION, "limit": 3})
    whole = g.insights(fields=QUESTION["fields"])
    first = g.ask(f"{run}/insights", fields="ad_id").json()  # what it holds was said when it was made
    assert first["data"] == whole[:25] and first["paging"]["next"].startswith(f"{g.url}/v26.0/{run}/insights?")
    for limit in (40, len(whole) - 1, len(whole)):
        assert g.data(f"{run}/insights", limit=limit) == whole
    assert "next" not in g.ask(f"{run}/insights", limit=len(whole)).json()["paging"]
    other = create(g)
    error(g.ask(f"{other}/insights", fields="ad_id", after=first["paging"]["cursors"]["after"]), 400, 2642)
    error(g.ask(f"{run}/insights", after="nonsense"), 400, 2642)
    empty = create(g, time_range={"since": "2023-12-01", "until": "2023-12-01"}, level="ad")
    assert g.ask(f"{empty}/insights").json() == {"data": []}


def test_s23_rows_are_those_of_the_completion(graph):
    g = graph()
    week = {"since": "2026-11-10", "until": "2026-11-16"}
    asked = {**QUESTION, "time_range": week}
    asked_then = g.insights(fields=QUESTION["fields"], **week)
    run = create(g, **asked)
    g.post("clock", advance_seconds=86400)
    at_completion = g.insights(fields=QUESTION["fields"], **week)
    finish(g, run)
    g.post("clock", advance_seconds=86400)
    g.post("restate", **{"from": "2026-11-10", "to": "2026-11-16", "percent": "50"})
    later = g.insights(fields=QUESTION["fields"], **week)
    rows = g.data(f"{run}/insights", limit=5000)
    assert rows == at_completion and rows != asked_then and rows != later


def test_s23_a_run_that_takes_time(graph):
    g = graph()
    g.post("report", polls=0, ms=3600000, count=1)
    endless = create(g)
    g.post("report", polls=0, ms=200)
    run, states = create(g), []
    wait_for("the report", lambda: states.append(state(g, run)) or states[-1] == ("Job Completed", 100))
    percents = [percent for _, percent in states]
    assert percents == sorted(percents)
    assert state(g, endless) == ("Job Not Started", 0)


@pytest.mark.parametrize("percent, seen", [
    (0, [("Job Not Started", 0), ("Job Started", 0)]),
    (100, [("Job Not Started", 0), ("Job Started", 0), ("Job Running", 0), ("Job Running", 50)])])
def test_s23_failures_say_why(graph, percent, seen):
    g = graph()
    g.post("report", outcome="failed", percent=percent, error_code=-3, error_subcode=1504045, error_message="too \"large\"")
    run = create(g)
    assert [state(g, run) for _ in seen] == seen
    row = poll(g, run)
    assert (row["async_status"], row["async_percent_completion"]) == ("Job Failed", percent)
    assert (row["error_code"], row["error_subcode"], row["error_message"]) == (-3, 1504045, "too \"large\"")
    assert row["error_user_title"] and row["error_user_msg"] and not {"is_running", "time_completed"} & row.keys()
    assert state(g, run) == ("Job Failed", percent)
    error(g.ask(f"{run}/insights"), 400, 2601, 1815107)


@pytest.mark.parametrize("outcome, percent, last", [
    ("skipped", 0, ("Job Skipped", 0)), ("stuck", 0, ("Job Started", 0)), ("stuck", 50, ("Job Running", 50)),
    ("stuck", 100, ("Job Running", 100))])
def test_s23_runs_that_never_complete(graph, outcome, percent, last):
    g = graph()
    g.post("report", outcome=outcome, percent=percent)
    run = create(g)
    assert [state(g, run) for _ in range(20)][-8:] == [last] * 8
    error(g.ask(f"{run}/insights"), 400, 2601, 1815107)


def test_runs_that_vanish_or_come_empty(graph):
    g = graph()
    g.post("report", outcome="vanished", percent=50, count=1)
    run = create(g)
    assert [state(g, run) for _ in range(3)][-1] == ("Job Running", 0)
    for path in (run, f"{run}/insights", run):
        assert error(g.ask(path), 400, 100, 33)["type"] == "GraphMethodException"
    g.post("report", outcome="gone", count=1)
    run = create(g)
    finish(g, run)
    page = g.ask(f"{run}/insights", limit=5).json()
    assert len(page["data"]) == 5 and page["paging"]["next"]
    for path in (run, f"{run}/insights"):
        error(g.ask(path), 400, 100, 33)
    usual = create(g)  # the order was for one run
    finish(g, usual)
    g.post("report", outcome="empty")
    run = create(g)
    finish(g, run)
    assert g.data(f"{run}/insights") == [] != g.data(f"{usual}/insights")


def test_s24_a_run_may_not_be_seen_at_once(graph):
    g = graph()
    g.post("report", unseen_ms=600000, count=1)
    run = create(g)
    assert error(g.ask(run), 400, 100, 33)["message"].startswith(f"Unsupported get request. Object with ID '{run}'")
    g.post("report", unseen_ms=150)
    run = create(g)
    wait_for("the run", lambda: g.ask(run).status_code == 200)
    finish(g, run)


def test_s25_rows_before_the_end(graph):
    g = graph()
    run = create(g)
    for _ in range(4):
        found = error(g.ask(f"{run}/insights"), 400, 2601, 1815107)
        assert found["message"] == "Error accessing adreport job." and found["is_transient"] is True
        assert found["error_user_title"] == "Loading Async Ads Report Failed" and found["error_user_msg"]
        assert state(g, run) != ("Job Completed", 100)
    finish(g, run)
    assert g.data(f"{run}/insights")


def test_s26_after_30_days(graph):
    g = graph()
    run = create(g)
    finish(g, run)
    g.post("clock", advance_seconds=30 * 86400)
    assert g.data(f"{run}/insights") and state(g, run) == ("Job Completed", 100)
    g.post("clock", advance_seconds=1)
    assert state(g, run)[0] == "Job Skipped"
    error(g.ask(f"{run}/insights"), 400, 2601, 1815107)


def test_runs_are_deleted(graph):
    g = graph()
    run, other = create(g), create(g)
    delete = {"headers": {"Authorization": "Bearer sandbox-token"}, "timeout": 9}
    assert requests.delete(f"{g.url}/v26.0/{run}", **delete).json() == {"success": True}
    assert "Unsupported delete request" in error(requests.delete(f"{g.url}/v26.0/{run}", **delete), 400, 100, 33)["message"]
    error(g.ask(run), 400, 100, 33)
    finish(g, other)
    assert create(g) not in (run, other)


def test_runs_belong_to_those_who_see_the_account(graph):
    g = graph("--accounts", "2")
    run = create(g)
    g.post("token", token="second", accounts=["act_1001"])
    g.post("token", token="foreign", accounts=["act_1002"])
    assert g.ask(run, token="second").status_code == 200
    for path in (run, f"{run}/insights"):
        error(g.ask(path, token="foreign"), 400, 100, 33)
        error(g.ask(path, token="bad"), 400, 190)


def test_every_post_poll_and_page_is_a_call_of_insights(graph):
    g = graph("--limit-calls", "9", "--limit-window", "100")
    run = create(g)
    for _ in range(5):
        state(g, run)
    for _ in range(3):
        assert g.ask(f"{run}/insights").status_code == 200
    refused = g.ask(run)
    error(refused, 400, 80000, 2446079)
    error(g.post_graph("act_1001/insights", form=QUESTION), 400, 80000, 2446079)
    assert "X-FB-Ads-Insights-Throttle" in refused.headers
    calls = g.calls()
    assert calls["counts"]["insights"] == calls["total"] == 11 and calls["refused"] == 2
    reports = g.get("reports")
    assert (reports["created"], reports["polls"], reports["pages"]) == (1, 5, 3)
    row = reports["reports"][0]
    assert row.pop("rows") > 500
    assert row == {"id": run, "account": "act_1001", "status": "Job Completed", "percent": 100, "polls": 5, "pages": 3}


def test_faults_strike_one_kind_of_call(graph):
    g = graph()
    g.post("fault", kind="error", match="POST /v26.0/act_1001/insights", status=400, code=4, subcode=1504022)
    assert g.ask("act_1001/insights").status_code == 200
    error(g.post_graph("act_1001/insights", form=QUESTION), 400, 4, 1504022)
    run = create(g)
    g.post("fault", kind="error", match=f"/{run}/insights", status=400, code=2601, subcode=1815107)  # although completed
    finish(g, run)
    assert error(g.ask(f"{run}/insights"), 400, 2601, 1815107)["is_transient"] is True
    assert g.data(f"{run}/insights")
