"""The default account from the request to the last row stored, beside the system it replaces: one insights call for each ad
and week, here against the same sandbox, without a limit and without storing anything."""
import datetime
import time

import requests

from system import ACCOUNT, TOKEN

ROUNDS, CALLS_PER_HOUR = 7, 200
# Insights calls for 100 ads and 90 days, counted with their code on the same case; not run here. PostHog's by reading it.
OTHERS = {"PostHog": 18, "OWOX": 90, "Airbyte": 360, "singer-io": 541}
FIELDS = "campaign_id,adset_id,ad_id,spend,impressions,clicks,reach,attribution_setting,actions,action_values"


def seconds_of(run):
    created, finished = (datetime.datetime.fromisoformat(run[name]) for name in ("created_at", "finished_at"))
    return (finished - created).total_seconds()


def ours(place):
    with place.system() as system:
        system.scheduler()
        system.worker()
        connection = system.connect()
        run = system.sync(connection)
        assert run["status"] == "succeeded", run
        counts = system.sandbox.calls()["counts"]
        facts = system.query("SELECT count(*) FROM metric_facts")[0][0]
        entities = system.query("SELECT count(*) FROM entities")[0][0]
        return {"seconds": seconds_of(run), "insights": counts["insights"], "others": sum(counts.values()) - counts["insights"],
                "facts": facts, "entities": entities}


def by_ad_and_week(place):
    """Calls and the seconds that they take one after the other on one connection."""
    with place.system(sandbox=("--limit-calls", "1000000")) as system, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        truth = system.sandbox.truth()
        ads = [e["external_id"] for e in truth["entities"] if e["level"] == "ad"]
        last = max(datetime.date.fromisoformat(fact["event_date"]) for fact in truth["facts"])
        calls, start = 0, time.monotonic()
        for ad in ads:
            for week in range(13):
                until = last - datetime.timedelta(days=7 * week)
                since = until - datetime.timedelta(days=6)
                answer = session.get(f"{system.sandbox.url}/v26.0/{ad}/insights", params={
                    "fields": FIELDS, "time_increment": 1, "limit": 500,
                    "time_range": f'{{"since":"{since}","until":"{until}"}}'})
                assert answer.status_code == 200, answer.text
                answer.json()
                calls += 1
        return calls, time.monotonic() - start


def run(place, table):
    rounds = [ours(place) for _ in range(ROUNDS)]
    calls, seconds = by_ad_and_week(place)
    table.head(f"sync: {ACCOUNT}, 10 campaigns, 20 ad sets, 100 ads, 90 days and today")
    table.row("request to stored", [r["seconds"] for r in rounds], "s")
    table.row("insights calls", [r["insights"] for r in rounds], "calls")
    table.row("other calls, the check of the account included", [r["others"] for r in rounds], "calls")
    table.row("entities", [r["entities"] for r in rounds], "rows")
    table.row("facts", [r["facts"] for r in rounds], "rows")
    for name, count in OTHERS.items():
        table.row(f"  beside, {name} (counted elsewhere): insights calls", count, "calls")
    table.row("  beside, one call per ad and week: calls", calls, "calls")
    table.row(f"  beside: its time at {CALLS_PER_HOUR} calls an hour", calls / CALLS_PER_HOUR, "hours")
    table.row("  beside: its calls alone, without any limit, nothing stored", seconds, "s")
