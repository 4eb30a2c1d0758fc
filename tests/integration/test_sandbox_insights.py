"""The numbers of metricx-sandbox are Meta's kind of numbers (S14 to S21)."""
import datetime
import decimal
import time

import pytest
from graph_client import AD_FULL, FULL, error, graph  # noqa: F401 (fixtures)


def test_s14_rows(graph):
    g = graph()
    rows = g.insights(fields="account_id,campaign_id,adset_id,ad_id,impressions,clicks,spend,reach,actions,ctr,ad_name")
    assert {r["date_start"] for r in rows} == {f"2026-10-0{d}" for d in range(1, 8)}
    for row in rows:
        assert row["date_start"] == row["date_stop"]
        assert all(isinstance(v, (str, list)) for v in row.values())
        assert {"impressions", "spend"} <= row.keys()
        assert row.get("actions") != [] and row.get("clicks") != "0"
    assert len({(r["ad_id"], r["date_start"]) for r in rows}) == len(rows) < 700
    facts = {(f["external_id"], f["event_date"]): f for f in g.truth(**{"from": "2026-10-01", "to": "2026-10-07"})["facts"]}
    deleted = {e["external_id"] for e in g.truth()["entities"] if e["status"] == "DELETED"}
    assert {(r["ad_id"], r["date_start"]) for r in rows} == {k for k in facts if k[0] not in deleted}
    for row in rows:
        fact = facts[row["ad_id"], row["date_start"]]
        assert decimal.Decimal(row["spend"]) == decimal.Decimal(fact["spend"]) and int(row["impressions"]) == fact["impressions"]
        assert {a["action_type"]: decimal.Decimal(a["value"]) for a in row.get("actions", [])} == {
            k: decimal.Decimal(v) for k, v in fact["actions"].items()}


@pytest.mark.parametrize("zone, today", [("Pacific/Auckland", "2026-11-23"), ("America/Los_Angeles", "2026-11-22"), ("UTC", "2026-11-22")])
def test_s14_days_are_the_accounts(graph, zone, today):
    g = graph("--zone", zone, "--now", "2026-11-22T14:00:00Z")
    rows = g.insights(since="2026-11-20", until="2026-12-31", fields="ad_id")
    assert max(r["date_start"] for r in rows) == today
    preset = g.data("act_1001/insights", level="account", date_preset="yesterday")
    assert preset[0]["date_start"] == str(datetime.date.fromisoformat(today) - datetime.timedelta(days=1))
    facts = g.truth(**{"from": "2026-11-20"})["facts"]
    start = datetime.datetime.fromisoformat(facts[0]["event_at"].replace("Z", "+00:00"))
    assert start.astimezone(__import__("zoneinfo").ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") == "2026-11-20 00:00"


def test_s14_buckets_levels_and_sums(graph):
    g = graph()
    fields = "impressions,spend,campaign_id,adset_id"
    facts = g.truth(**{"from": "2026-08-24", "to": "2026-11-21"})["facts"]
    spend = sum(decimal.Decimal(f["spend"]) for f in facts)
    whole = {"since": "2026-08-24", "until": "2026-11-21", "fields": fields}
    days = g.insights(level="account", **whole)
    assert len(days) == 90 and sum(decimal.Decimal(r["spend"]) for r in days) == spend
    assert sum(int(r["impressions"]) for r in days) == sum(f["impressions"] for f in facts)
    months = g.insights(level="account", **whole, time_increment="monthly")
    assert [(r["date_start"], r["date_stop"]) for r in months] == [
        ("2026-08-24", "2026-08-31"), ("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-11-21")]
    weeks = g.insights(level="account", **whole, time_increment=7)
    assert weeks[-1]["date_start"] == "2026-11-16" and weeks[-1]["date_stop"] == "2026-11-21"  # the last one is short
    one = g.insights(level="account", **whole, time_increment="all_days")
    assert len(one) == 1 and decimal.Decimal(one[0]["spend"]) == spend
    with_deleted = [{"field": "adset.effective_status", "operator": "IN", "value": FULL + ["CAMPAIGN_PAUSED"]}]
    adsets = g.insights(level="adset", **whole, time_increment="all_days", filtering=with_deleted)
    assert sum(decimal.Decimal(r["spend"]) for r in adsets) == spend
    campaign = adsets[0]["campaign_id"]
    below = g.insights(campaign, level="campaign", **whole, time_increment="all_days")
    assert decimal.Decimal(below[0]["spend"]) == sum(decimal.Decimal(r["spend"]) for r in adsets if r["campaign_id"] == campaign)
    error(g.ask(f"{campaign}/insights", level="account"), 400, 100)
    error(g.ask("act_1001/insights", time_range={"since": "2026-11-02", "until": "2026-11-01"}), 400, 100)
    error(g.ask("act_1001/insights", time_range={"since": "2023-01-01", "until": "2026-11-01"}), 400, 3018)


def test_s15_the_overlap_of_actions(graph):
    g = graph()
    rows = g.insights(since="2026-09-01", until="2026-09-07", fields="ad_id,actions,action_values",
                      action_attribution_windows=["7d_click", "1d_view", "7d_view", "28d_view"])
    full = 0
    for row in rows:
        actions = {a["action_type"]: a for a in row.get("actions", [])}
        assert not {"7d_view", "28d_view"} & {key for a in actions.values() for key in a}
        if "onsite_web_app_purchase" not in actions:
            continue
        full += 1
        same = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase", "onsite_web_purchase", "onsite_web_app_purchase",
                "web_in_store_purchase", "web_app_in_store_purchase")
        assert len({actions[name]["value"] for name in same}) == 1
        if decimal.Decimal(actions["purchase"]["value"]) >= 2:
            assert decimal.Decimal(actions["purchase"]["7d_click"]) <= decimal.Decimal(actions["purchase"]["value"])
        values = {a["action_type"]: a["value"] for a in row["action_values"]}
        assert values["omni_purchase"] == values["purchase"] != values["web_app_in_store_purchase"]
    assert full > 20
    error(g.ask("act_1001/insights", action_attribution_windows=["9d_click"]), 400, 100)


def test_s16_conversions_without_delivery(graph):
    g = graph()
    rows = g.insights(since="2026-09-01", until="2026-10-15", fields="ad_id,impressions,spend,actions,clicks,reach")
    orphans = [r for r in rows if r["impressions"] == "0"]
    assert orphans
    for row in orphans:
        assert row["spend"] == "0" and row["actions"] and not {"clicks", "reach"} & row.keys()


def test_s17_days_move_for_28_days_with_the_clock_only(graph):
    g = graph()
    week = {"since": "2026-11-10", "until": "2026-11-16", "fields": "ad_id,spend,actions"}
    frozen = {"since": "2026-10-01", "until": "2026-10-25", "fields": "ad_id,spend,actions"}
    now, then = g.insights(**week), g.insights(**frozen)
    time.sleep(0.05)
    assert g.insights(**week) == now
    g.post("clock", advance_seconds=86400)
    later = g.insights(**week)
    assert later != now and g.insights(**frozen) == then
    assert [r for r in later if r in now]  # most stay
    g.post("clock", now="2026-12-15T12:00:00Z")
    settled = g.insights(**week)
    g.post("clock", now="2027-02-15T12:00:00Z")
    assert g.insights(**week) == settled


def test_restating_by_hand(graph):
    g = graph()
    before = {(f["external_id"], f["event_date"]): f for f in g.truth(**{"from": "2026-09-01"})["facts"]}
    said = g.post("restate", **{"from": "2026-10-01", "to": "2026-10-21", "percent": "10", "account": "act_1001"})
    after = {(f["external_id"], f["event_date"]): f for f in g.truth(**{"from": "2026-09-01"})["facts"]}
    changed = {k for k in before.keys() & after.keys() if before[k] != after[k]}
    assert len(changed) == said["changed"] > 50
    assert len(before.keys() - after.keys()) == said["vanished"] > 0
    assert len(after.keys() - before.keys()) == said["appeared"]
    assert all("2026-10-01" <= day <= "2026-10-21" for _, day in changed)
    again = g.post("restate", **{"from": "2026-10-01", "to": "2026-10-21", "percent": "10", "account": "act_1001"})
    assert again["generation"] == 2 and again["changed"] > 50


def test_s21_deleted_ads(graph):
    g = graph()
    week = {"since": "2026-10-01", "until": "2026-10-07", "fields": "ad_id,spend"}
    with_all = [{"field": "ad.effective_status", "operator": "IN", "value": AD_FULL}]
    totals = g.insights(level="account", **week)
    ad = g.insights(**week)[0]["ad_id"]
    g.post("delete-ad", ad=ad)
    assert ad not in {r["ad_id"] for r in g.insights(**week)}
    assert ad in {r["ad_id"] for r in g.insights(**week, filtering=with_all)}
    assert g.insights(level="account", **week) == totals
    g.post("delete-ad", ad=ad, permanent=True)
    assert ad not in {r["ad_id"] for r in g.insights(**week, filtering=with_all)}
    assert ad not in {a["id"] for a in g.data("act_1001/ads", effective_status=AD_FULL)}
    assert g.insights(level="account", **week) == totals
