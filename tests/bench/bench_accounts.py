"""Accounts of all sizes: time, rows a second, and calls beside the least that full pages would take."""
import math
import os

from system import wait_for

PAGE_LIMIT = 1000
SIZES = ((5, 1, 2, 3), (100, 10, 20, 3), (1_000, 50, 200, 3), (10_000, 200, 2_000, 1))  # ads, campaigns, ad sets, rounds
WAIT_SECONDS = 240
UNLIMITED = ("--limit-calls", "1000000", "--score-max", "1000000000")


def sync(system, connection):
    """Seconds from the request to the end; as system.sync, with a longer patience."""
    run = system.metricx("sync", "--connection", connection).splitlines()[0]
    sql = """SELECT status, extract(epoch FROM finished_at - created_at)::float FROM sync_runs
              WHERE id = %s AND finished_at IS NOT NULL"""
    status, seconds = wait_for("the run", lambda: system.query(sql, run), WAIT_SECONDS)[0]
    assert status == "succeeded"
    return seconds


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one(place, ads, campaigns, adsets):
    sizes = ("--ads", str(ads), "--campaigns", str(campaigns), "--adsets", str(adsets))
    with place.system(sandbox=(*UNLIMITED, *sizes), META_CALLS_PER_WINDOW=1_000_000, PAGE_LIMIT=PAGE_LIMIT) as system:
        system.scheduler()
        worker = system.worker().process
        seconds = sync(system, system.connect())
        facts, days = system.query("SELECT count(*), count(DISTINCT event_date) FROM metric_facts")[0]
        chunks, reading = system.query("""SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at))::float
                                            FROM sync_chunks WHERE kind = 'metrics'""")[0]
        (totals,), = system.query("SELECT sum(calls)::int FROM sync_chunks WHERE totals")
        return {"seconds": seconds, "facts": facts, "days": days, "chunks": chunks, "rate": facts / reading,
                "cpu": cpu_seconds(worker.pid), "calls": system.sandbox.calls()["counts"]["insights"] - totals,
                "totals": totals, "least": math.ceil(facts / PAGE_LIMIT)}


def run(place, table):
    for ads, campaigns, adsets, rounds in SIZES:
        done = [one(place, ads, campaigns, adsets) for _ in range(rounds)]
        table.head(f"accounts: {ads:,} ads, {done[0]['days']} days, pages of {PAGE_LIMIT:,} rows, one worker")
        for what, name, unit in (("request to stored", "seconds", "s"), ("facts", "facts", "rows"),
                                 ("facts stored while the metrics were read", "rate", "rows/s"),
                                 ("CPU time of the worker", "cpu", "s"), ("metrics chunks", "chunks", "chunks"),
                                 ("insights calls, the totals' apart", "calls", "calls"),
                                 ("calls for the account's totals of all days", "totals", "calls"),
                                 ("  beside: facts ÷ page limit, rounded up", "least", "calls")):
            table.row(what, [one_round[name] for one_round in done], unit)
