"""Meta's own SDK for Node, pointed at the sandbox, is told the truth: tests/sdk/drive.js asks, here is what must come back."""
import decimal
import fcntl
import filecmp
import json
import os
import shutil
import subprocess

import pytest
from conftest import ROOT
from graph_client import graph  # noqa: F401 (fixtures)

ACCOUNT, DAYS = "act_1001", {"from": "2026-09-28", "to": "2026-10-04"}
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
SDK = ROOT / "tests" / "sdk"


@pytest.fixture(scope="session")
def modules(build):
    """The SDK as package-lock.json has it, installed below build/ unless it is there already."""
    folder = build.parent / "sdk"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:  # other workers of pytest want it too
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed.json"
        if not done.exists() or not filecmp.cmp(done, SDK / "package-lock.json", shallow=False):
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SDK / name, folder)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, timeout=600)
            shutil.copy(SDK / "package-lock.json", done)
    return folder / "node_modules"


@pytest.fixture
def told(graph, modules):
    """(the sandbox, what it told the SDK)"""
    g = graph("--accounts", "5")
    done = subprocess.run(["node", SDK / "drive.js", g.url, "sandbox-token", ACCOUNT, DAYS["from"], DAYS["to"]],
                          env={"PATH": os.environ["PATH"], "NODE_PATH": str(modules)}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return g, json.loads(done.stdout)


def numbers(rows):
    """{(ad, day): what its row says}, as the truth says it."""
    assert len({(r["ad_id"], r["date_start"]) for r in rows}) == len(rows)
    return {(r["ad_id"], r["date_start"]): {
        "impressions": int(r["impressions"]), "clicks": int(r.get("clicks", 0)), "spend": decimal.Decimal(r["spend"]),
        "actions": {a["action_type"]: decimal.Decimal(a["value"]) for a in r.get("actions", [])},
        "action_values": {a["action_type"]: decimal.Decimal(a["value"]) for a in r.get("action_values", [])}} for r in rows}


def decimals(mapping):
    return {name: decimal.Decimal(value) for name, value in mapping.items()}


def true_numbers(truth):
    return {(f["external_id"], f["event_date"]): {
        "impressions": f["impressions"], "clicks": f["clicks"], "spend": decimal.Decimal(f["spend"]),
        "actions": decimals(f["actions"]), "action_values": decimals(f["action_values"])} for f in truth["facts"]}


def test_the_sdk_is_told_the_truth(told):
    g, said = told
    truth = g.truth(**DAYS)
    account = truth["account"]
    assert said["app_id"] == "100000000000001"
    assert [a["id"] for a in said["accounts"]["rows"]] == [f"act_{n}" for n in range(1001, 1006)] and said["accounts"]["pages"] == 3
    assert said["account"] == {"id": ACCOUNT, **{k: account[k] for k in ("name", "currency")}, "timezone_name": account["timezone"]}
    for edge, level in (("campaigns", "campaign"), ("adsets", "adset"), ("ads", "ad")):
        true = {e["external_id"]: e for e in truth["entities"] if e["level"] == level}
        assert len(said[edge]["rows"]) == len(true) > 7 and said[edge]["pages"] == -(-len(true) // 7)
        for row in said[edge]["rows"]:
            e = true[row["id"]]
            assert (row["name"], row["effective_status"]) == (e["name"], e["status"])
            assert row.get("campaign_id", e["campaign_external_id"]) == e["campaign_external_id"]
            assert row.get("adset_id", e["parent_external_id"]) == e["parent_external_id"]
            assert row.get("objective") == (e["objective"] if level == "campaign" else None)
    campaign = said["campaigns"]["rows"][0]["id"]
    assert {a["id"] for a in said["below_campaign"]["rows"]} == {
        e["external_id"] for e in truth["entities"] if e["level"] == "ad" and e["campaign_external_id"] == campaign}

    assert said["insights"]["pages"] > 5
    assert numbers(said["insights"]["rows"]) == true_numbers(truth)
    hours = {(r["ad_id"], r["date_start"], int(r[HOURLY][:2])): (r["impressions"], r.get("clicks", "0"), decimal.Decimal(r["spend"]))
             for r in said["hours"]["rows"] if HOURLY in r}
    assert hours == {(f["external_id"], f["event_date"], f["event_hour"]):
                     (str(f["impressions"]), str(f["clicks"]), decimal.Decimal(f["spend"]))
                     for f in g.truth(**DAYS, granularity="hour")["facts"]}

    report = said["report"]
    assert (report["early"]["code"], report["early"]["error_subcode"], report["early"]["is_transient"]) == (2601, 1815107, True)
    assert [s["async_status"] for s in report["states"]] == [
        "Job Not Started", "Job Started", "Job Running", "Job Running", "Job Completed"]
    assert report["states"][-1]["async_percent_completion"] == 100 and report["pages"] > 3
    assert numbers(report["rows"]) == true_numbers(truth)
    # one POST, five polls, one page too early and the others
    assert [(r["id"], r["polls"], r["pages"]) for r in g.get("reports")["reports"]] == [(report["id"], 5, report["pages"] + 1)]


def test_the_sdk_recognises_errors(told):
    _, said = told
    for name, (status, code, subcode, kind) in {
            "field": (400, 100, None, "OAuthException"), "insights_field": (400, 100, None, "OAuthException"),
            "breakdown": (400, 2, 1504041, "OAuthException"), "token": (400, 190, None, "OAuthException"),
            "object": (400, 100, 33, "GraphMethodException"), "report": (400, 100, 33, "GraphMethodException")}.items():
        error = said["errors"][name]
        assert error["name"] == "FacebookRequestError" and error["message"]
        assert (error["status"], error["code"], error.get("error_subcode"), error["type"]) == (status, code, subcode, kind)
