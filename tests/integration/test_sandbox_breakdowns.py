"""Breakdowns of the sandbox' insights are as Meta's: hours (S18), who goes with whom (S19), how long they are kept (S20)."""
import collections
import decimal

import pytest
from graph_client import error, graph  # noqa: F401 (fixtures)

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
LABELS = [f"{hour:02}:00:00 - {hour:02}:59:59" for hour in range(24)]
COUNTS = ("impressions", "clicks", "inline_link_clicks")
FIELDS = "ad_id,impressions,clicks,spend,inline_link_clicks"
ALL = [{"field": "ad.effective_status", "operator": "IN",
        "value": ["ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED", "ADSET_PAUSED",
                  "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"]}]


def sums(rows, *keys):
    """{keys of the rows: their counts and spend}, rows of nothing left out."""
    found = collections.defaultdict(lambda: [decimal.Decimal(0)] * (len(COUNTS) + 1))
    for row in rows:
        numbers = [decimal.Decimal(row.get(name, "0")) for name in (*COUNTS, "spend")]
        assert all(n == int(n) for n in numbers[:-1])
        key = tuple(row[k] for k in keys)
        found[key] = [a + b for a, b in zip(found[key], numbers)]
    return {key: numbers for key, numbers in found.items() if any(numbers)}


def actions(rows):
    found = collections.Counter()
    for row in rows:
        for action in row.get("actions", []):
            found[action["action_type"]] += decimal.Decimal(action["value"])
    return found


def test_s18_the_hours_of_a_day_add_up_to_it(graph):
    g = graph()
    for level, keys in {"ad": ("ad_id", "date_start"), "account": ("date_start",)}.items():
        days = g.insights(level=level, fields=FIELDS)
        hours = g.insights(level=level, fields=FIELDS, breakdowns=[HOURLY])
        assert sums(hours, *keys) == sums(days, *keys)
        told = [r for r in hours if HOURLY in r]
        assert {r[HOURLY] for r in told} == set(LABELS)
        assert len({(*[r[k] for k in keys], r[HOURLY]) for r in told}) == len(told)
    ads = collections.Counter((r["ad_id"], r["date_start"]) for r in g.insights(fields=FIELDS, breakdowns=[HOURLY]))
    assert max(ads.values()) <= 24 and any(count < 24 for count in ads.values())  # only hours with delivery


def test_s18_the_truth_knows_the_hours(graph):
    g = graph()
    days = {"from": "2026-10-01", "to": "2026-10-07"}
    truth = g.truth(**days, granularity="hour")["facts"]
    rows = [r for r in g.insights(fields=FIELDS, breakdowns=HOURLY, filtering=ALL) if HOURLY in r]
    assert {(f["external_id"], f["event_date"], f["event_hour"]): (decimal.Decimal(f["spend"]), f["impressions"], f["clicks"])
            for f in truth} == {
        (r["ad_id"], r["date_start"], LABELS.index(r[HOURLY])):
            (decimal.Decimal(r["spend"]), int(r["impressions"]), int(r.get("clicks", "0"))) for r in rows}
    daily = g.truth(**days)["facts"]
    assert sum(decimal.Decimal(f["spend"]) for f in truth) == sum(decimal.Decimal(f["spend"]) for f in daily) > 0
    assert sum(f["impressions"] for f in truth) == sum(f["impressions"] for f in daily)


def test_s18_hours_know_no_people_and_little_of_what_happens_off_meta(graph):
    g = graph()
    fields = "ad_id,impressions,reach,frequency,cpp,unique_clicks,video_play_actions,actions,action_values,purchase_roas"
    days = g.insights(level="account", fields=fields)
    assert all({"reach", "unique_clicks", "video_play_actions", "purchase_roas"} <= r.keys() for r in days)
    hours = g.insights(level="account", fields=fields, breakdowns=[HOURLY])
    assert not {"reach", "cpp", "unique_clicks", "video_play_actions", "purchase_roas"} & {k for r in hours for k in r}
    assert {r["frequency"] for r in hours} == {"0"}
    off_meta = {"purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase", "add_to_cart", "landing_page_view"}
    assert off_meta <= actions(days).keys() and not off_meta & actions(hours).keys()
    assert actions(hours)["link_click"] == actions(days)["link_click"]
    named = g.insights(level="account", fields=fields, breakdowns=[HOURLY], action_attribution_windows=["7d_click"])
    assert {name: actions(named)[name] for name in off_meta} == {name: actions(days)[name] for name in off_meta}


def test_s18_some_rows_without_impressions_lack_the_hour(graph):
    g = graph()
    rows = g.insights(fields="ad_id,impressions,spend", since="2026-09-01", until="2026-10-15", breakdowns=[HOURLY])
    silent = [r for r in rows if HOURLY not in r]
    assert silent and all(r["impressions"] == "0" and r["spend"] == "0" for r in silent)
    assert any(r["impressions"] == "0" for r in rows if HOURLY in r)


@pytest.mark.parametrize("zone, day, length", [
    ("Europe/Berlin", "2026-03-29", 23), ("Europe/Berlin", "2026-10-25", 25), ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ("Africa/Cairo", "2026-04-24", 23), ("Asia/Kolkata", "2026-10-25", 24)])
def test_s18_a_day_of_any_length_has_24_labels(graph, zone, day, length):
    g = graph("--zone", zone)
    range_ = {"since": day, "until": day, "fields": FIELDS, "level": "account"}
    hours = g.insights(**range_, breakdowns=[HOURLY])
    assert sums(hours, "date_start") == sums(g.insights(**range_), "date_start")
    skipped = {"Europe/Berlin": LABELS[2], "Africa/Cairo": LABELS[0]}[zone] if length == 23 else None
    assert {r[HOURLY] for r in hours if HOURLY in r} == set(LABELS) - {skipped}


def test_s18_of_today_only_the_hours_that_are_over(graph):
    g = graph("--zone", "UTC", "--now", "2026-11-22T07:30:00Z")
    range_ = {"since": "2026-11-22", "until": "2026-11-22", "fields": FIELDS, "level": "account"}
    hours = g.insights(**range_, breakdowns=[HOURLY])
    assert {r[HOURLY] for r in hours} <= set(LABELS[:8]) and len(hours) > 4
    assert sums(hours, "date_start") == sums(g.insights(**range_), "date_start")


@pytest.mark.parametrize("names", [
    ["age"], ["gender"], ["gender", "age"], ["country"], ["region"], ["publisher_platform"], ["device_platform"],
    ["platform_position", "publisher_platform"], ["impression_device"], ["publisher_platform", "impression_device"],
    ["publisher_platform", "platform_position", "impression_device"], ["hourly_stats_aggregated_by_audience_time_zone"]])
def test_s19_values_of_a_legal_combination_add_up(graph, names):
    g = graph("--ads", "20")
    fields = FIELDS + ",reach,actions"
    whole = g.insights(fields=fields)
    rows = g.insights(fields=fields, breakdowns=names, action_breakdowns=["action_type"])
    assert sums(rows, "ad_id", "date_start") == sums(whole, "ad_id", "date_start")
    told = [r for r in rows if all(name in r for name in names)]
    assert len({(r["ad_id"], r["date_start"], *[r[n] for n in names]) for r in told}) == len(told) > len(whole)
    assert all(r["impressions"] == "0" for r in rows if r not in told)
    if names[0].startswith("hourly") or names == ["region"]:
        assert actions(rows)["link_click"] == actions(whole)["link_click"] > 0
        assert "purchase" in actions(whole) and "purchase" not in actions(rows)
    else:
        for name in ("link_click", "landing_page_view", "add_to_cart", "omni_purchase", "app_install"):
            assert actions(rows)[name] == actions(whole)[name] > 0
        assert sum(int(r.get("reach", 0)) for r in rows) > sum(int(r.get("reach", 0)) for r in whole)


def test_s19_what_does_not_go_together(graph):
    g = graph()
    for names in (["age", "country"], ["platform_position"], [HOURLY, "age"], ["age", "gender", "country"], ["age", "age"]):
        found = error(g.ask("act_1001/insights", breakdowns=names), 400, 2, 1504041)
        assert "is_transient" not in found
    assert "breakdowns[1]" in error(g.ask("act_1001/insights", breakdowns=["age", "shoe_size"]), 400, 100)["message"]
    assert "sandbox" in error(g.ask("act_1001/insights", breakdowns=["product_id"]), 400, 100)["message"]
    assert "sandbox" in error(g.ask("act_1001/insights", action_breakdowns=["action_device"]), 400, 100)["message"]
    for name in ("age", "gender", "country", "publisher_platform", HOURLY):
        assert f"{name} is not valid for fields param" in error(g.ask("act_1001/insights", fields=f"spend,{name}"), 400, 100)["message"]


@pytest.mark.parametrize("zone, today", [("Pacific/Auckland", "2026-11-23"), ("America/Los_Angeles", "2026-11-22")])
def test_s20_retention_counts_from_the_accounts_day(graph, zone, today):
    g = graph("--zone", zone, "--now", "2026-11-22T14:00:00Z", "--ads", "5")
    day = int(today[-2:])

    def ask(since, **more):
        return g.ask("act_1001/insights", time_range={"since": since, "until": since}, **more)

    assert ask(f"2023-10-{day}").status_code == 200
    assert "37 months" in error(ask(f"2023-10-{day - 1}"), 400, 3018)["message"]
    assert ask(f"2025-10-{day}", breakdowns=[HOURLY]).status_code == 200
    assert "13 months" in error(ask(f"2025-10-{day - 1}", breakdowns=[HOURLY]), 400, 3018)["message"]
    assert ask(f"2025-10-{day - 1}", breakdowns=["age"]).status_code == 200
    error(g.ask("act_1001/insights", breakdowns=[HOURLY], time_ranges=[
        {"since": "2026-11-01", "until": "2026-11-02"}, {"since": "2025-01-01", "until": "2026-01-02"}]), 400, 3018)


def test_s20_old_breakdowns_have_no_numbers_of_people(graph):
    g = graph()
    fields = "impressions,reach,frequency,cpp,unique_clicks"
    people = {"reach", "frequency", "cpp", "unique_clicks"}
    old, new = {"since": "2025-10-01", "until": "2025-10-02"}, {"since": "2025-10-22", "until": "2025-10-23"}
    for range_, breakdown, expected in ((old, {}, people), (old, {"breakdowns": ["gender"]}, set()), (new, {"breakdowns": ["gender"]}, people)):
        rows = g.insights(level="account", fields=fields, **range_, **breakdown)
        assert rows and all(people & r.keys() == expected for r in rows if r["impressions"] != "0")


def test_pages_of_a_breakdown_lose_and_double_nothing(graph):
    g = graph("--ads", "12")
    question = {"fields": FIELDS, "breakdowns": ["age", "gender"], "until": "2026-10-02"}
    whole = g.insights(**question, limit=5000)
    assert len(whole) > 100
    for limit in (7, 100, len(whole)):
        assert g.insights(**question, limit=limit) == whole
