"""The API: facts that are brought in one request, beside COPY of the same rows; reads with 64 connections, beside pgbench with the same
query; what a running sync does to them; what idle event streams take."""
import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import requests
from bench_accounts import UNLIMITED
from bench_memory import megabytes
from measure import ROOT

import sys
sys.path.insert(0, str(ROOT / "tests/api"))
from client import SECRET, claims, jwt  # noqa: E402
from system import wait_for  # noqa: E402

ROUNDS, CONNECTIONS, SECONDS, CALLERS, STREAMS = 5, 64, 8, 64, 1000
MEASURES = ("spend", "impressions", "clicks", "link_clicks", "conversions", "revenue")


def facts(count, round_):
    return [{"external_entity_id": f"ad-{n % 1000}", "provider": "meta", "level": "ad", "event_date": f"20{10 + round_}-{n // 1000 % 12 + 1:02}-01",
             "currency": "EUR", "spend": f"{n}.{n % 100:02}", "impressions": n * 10, "clicks": n, "link_clicks": n // 2, "conversions": n % 7,
             "revenue": f"{n * 3}.5"} for n in range(count)]


class Api:
    def __init__(self, system):
        self.system = system
        self.daemon = system.start("metricx-api", JWT_SECRET=SECRET, LISTEN="127.0.0.1:0")
        self.port = int(wait_for("the API", lambda: re.search(r'"the API is served".* port=(\d+)', self.daemon.log()))[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def headers(self, workspace, **more):
        return {"Authorization": f"Bearer {jwt(claims([workspace], 'admin', **more))}"}


def copy_rows(system, workspace, count):
    """The rows that were just stored, once more by COPY into a table like theirs with the same indexes; seconds."""
    with contextlib.closing(__import__("psycopg2").connect(system.database_url)) as db, tempfile.TemporaryFile() as file:
        cursor = db.cursor()
        cursor.execute("CREATE TABLE bare (LIKE metric_facts INCLUDING ALL)")
        db.commit()
        cursor.copy_expert(f"COPY (SELECT * FROM metric_facts WHERE workspace_id = '{workspace}' ORDER BY ingested_at DESC LIMIT {count}) TO STDOUT", file)
        file.seek(0)
        start = time.monotonic()
        cursor.copy_expert("COPY bare FROM STDIN", file)
        db.commit()
        seconds = time.monotonic() - start
        cursor.execute("DROP TABLE bare")
        db.commit()
        return seconds


def ingest(api, table):
    system = api.system
    for count in (1000, 10000):
        workspace = system.metricx("workspace", "create", "bench")
        took, again, copied = [], [], []
        with requests.Session() as session:
            session.headers.update(api.headers(workspace) | {"Content-Type": "application/json"})
            for round_ in range(ROUNDS + 1):
                body = json.dumps(facts(count, round_)).encode()
                for into, expected in ((took, {"ingested": count, "skipped": 0}), (again, {"ingested": 0, "skipped": count})):
                    start = time.monotonic()
                    answer = session.post(f"{api.url}/workspaces/{workspace}/metrics/ingest", data=body, timeout=60)
                    into.append((time.monotonic() - start) * 1000)
                    assert answer.json() == {"success": True, "errors": [], **expected}, answer.text[:500]
                copied.append(copy_rows(system, workspace, count) * 1000)
        table.head(f"ingest of {count:,} facts in one request ({len(body) / 1e6:.2f} MB); the first round, which makes the entities, on its own")
        table.row("with 1,000 new entities", took[0], "ms")
        table.row("new facts", took[1:], "ms")
        table.row("the same again", again[1:], "ms")
        table.row("  beside: COPY of the same rows into an empty table", copied[1:], "ms")


def wrk(api, workspace, path):
    """Requests/s and p99 in ms of SECONDS with CONNECTIONS; many callers, since each has a rate of its own."""
    tokens = [api.headers(workspace, sub=f"bench-{n}")["Authorization"] for n in range(CALLERS)]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("local tokens, n = {%s}, 0\n" % ",".join(f'"{token}"' for token in tokens))
        script.write("function request() n = n % #tokens + 1; return wrk.format('GET', nil, {['Authorization'] = tokens[n]}) end\n"
                     "function done(summary, latency, requests) io.write(string.format('%d %d %d %f\\n', summary.requests, summary.duration,"
                     " summary.errors.status + summary.errors.read + summary.errors.timeout, latency:percentile(99.0))) end\n")
        script.flush()
        done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script.name, api.url + path], capture_output=True, text=True,
                              check=True, timeout=120)
    requests_, micros, errors, p99 = done.stdout.splitlines()[-1].split()
    assert int(errors) == 0, done.stdout
    return int(requests_) / (int(micros) / 1e6), float(p99) / 1000


def pgbench(api, workspace, sql):
    """The same query within the walls, with as many connections to PostgreSQL as the API has."""
    where = urllib.parse.urlsplit(api.system.database_url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"BEGIN;\nSELECT workspace_enter('{workspace}');\n{sql};\nCOMMIT;\n")
        script.flush()
        os.chmod(script.name, 0o644)
        done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", "4", "-j", "1", "-T", str(SECONDS), "-f", script.name, "-h", where.hostname,
                               "-p", str(where.port), "-U", where.username, where.path[1:]], capture_output=True, text=True, check=True,
                              timeout=120, env={**os.environ, "PGOPTIONS": "-c role=metricx_api"})
    return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])


def filled(name, values):
    text = (ROOT / f"common/store/sql/{name}.sql").read_text(encoding="utf-8")
    text = re.sub(r"^\s*--.*\n", "", text, flags=re.M)
    return re.sub(r"\$(\d)", lambda m: values[int(m[1]) - 1], text).strip()


def reads(api, table, connection, busy):
    workspace = api.system.query("SELECT workspace_id FROM connections WHERE id = %s", connection)[0][0]
    pages = ((f"/workspaces/{workspace}/runs", "page_runs", [f"'{workspace}'", "NULL", "NULL", "NULL", "51"]),
             (f"/workspaces/{workspace}/coverage?connection_id={connection}", "list_coverage", [f"'{connection}'"]))
    table.head(f"reads, {CONNECTIONS} connections, {CALLERS} callers, {SECONDS} s each")
    for path, query, values in pages:
        body = requests.get(api.url + path, headers=api.headers(workspace), timeout=20).content
        name = path.split("?")[0].rsplit("/", 1)[1]
        idle = [wrk(api, workspace, path) for _ in range(3)]
        table.row(f"{name} ({len(body) / 1000:.1f} kB): requests", [rate for rate, _ in idle], "1/s")
        table.row("  beside: pgbench, 4 connections, the same transaction", pgbench(api, workspace, filled(query, values)), "1/s")
        table.row(f"{name}: p99, idle", [p99 for _, p99 in idle], "ms")
        stop = busy()
        loaded = [wrk(api, workspace, path) for _ in range(2)]
        stop()
        table.row(f"{name}: p99, a sync of 1,000 ads beside it", [p99 for _, p99 in loaded], "ms")
        table.row(f"{name}: requests, a sync beside it", [rate for rate, _ in loaded], "1/s")


def syncing(system, connection):
    """Syncs in a row until it is told to stop."""
    def begin():
        over = threading.Event()

        def work():
            while not over.is_set():
                system.metricx("sync", "--connection", connection, "--metrics", "--from", "2026-09-01", "--to", "2026-11-20", "--wait", "--force")

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(1)

        def stop():
            over.set()
            thread.join()

        return stop

    return begin


def streams(api, table, connection):
    workspace = api.system.query("SELECT workspace_id FROM connections WHERE id = %s", connection)[0][0]
    api = Api(api.system)
    before = megabytes(api.daemon.process.pid, "VmRSS")
    opened = []
    for n in range(STREAMS):
        one = socket.create_connection(("127.0.0.1", api.port), timeout=30)
        one.sendall(f"GET /workspaces/{workspace}/events HTTP/1.1\r\nHost: x\r\nAuthorization: "
                    f"{api.headers(workspace, sub=f'stream-{n}')['Authorization']}\r\n\r\n".encode())
        opened.append(one)
    for one in opened:
        assert one.recv(65536).startswith(b"HTTP/1.1 200")
    time.sleep(5)
    table.head("event streams")
    table.row("resident before", before, "MB")
    table.row(f"resident with {STREAMS:,} idle streams", megabytes(api.daemon.process.pid, "VmRSS"), "MB")
    for one in opened:
        one.close()
    api.daemon.stop()


def run(place, table):
    with place.system(sandbox=(*UNLIMITED, "--ads", "1000"), META_CALLS_PER_WINDOW=1000000) as system:
        system.scheduler()
        system.worker()
        api = Api(system)
        ingest(api, table)
        connection = system.connect()
        system.sync(connection, "--metrics", "--from", "2026-09-01", "--to", "2026-11-20")
        for day in range(1, 60):  # runs to be listed
            system.query("INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, status, created_at, finished_at) SELECT workspace_id, id,"
                         " 'metrics', 'nightly', 'succeeded', now() - %s * interval '1 hour', now() FROM connections WHERE id = %s", day, connection)
        system.query("ANALYZE")  # autovacuum would, in a minute
        reads(api, table, connection, syncing(system, connection))
        streams(api, table, connection)
