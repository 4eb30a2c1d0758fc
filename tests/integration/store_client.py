"""The C functions of common/store, called through the program store_driver, and the rows that tests start from."""
import json
import subprocess
import time
import uuid

import pytest

from conftest import Database


class Store:
    """store("open", chunk=…) → the answer; its rc is "ok" or an error code."""

    def __init__(self, build, url):
        self.process = subprocess.Popen([build / "tests" / "store_driver", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def send(self, command, **fields):
        self.process.stdin.write(json.dumps({"do": command} | fields) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, f"store_driver ended with {self.process.wait(10)}"
        return json.loads(line)

    def __call__(self, command, **fields):
        self.send(command, **fields)
        return self.answer()

    def ok(self, command, **fields):
        answer = self(command, **fields)
        assert answer["rc"] == "ok", answer
        return answer

    def refused(self, rc, command, /, **fields):
        answer = self(command, **fields)
        assert answer["rc"] == rc, answer
        return answer["error"]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0


class Account:
    """A workspace with one connection, and its runs and chunks made by hand."""

    def __init__(self, database, zone="UTC", currency="USD", **columns):
        self.database = database
        self.workspace = self.insert("workspaces", name="w")
        columns = {"token_source": "env", "external_account_id": f"act_{uuid.uuid4().int % 10**12}"} | columns
        self.id = self.insert("connections", workspace_id=self.workspace, provider="meta", name="n", currency=currency,
                              timezone=zone, **columns)
        self.day_from, self.day_to = "2026-10-01", "2026-10-03"

    def insert(self, table, **columns):
        names = ", ".join(columns)
        values = ", ".join(["%s"] * len(columns))
        return self.database.query(f"INSERT INTO {table} ({names}) VALUES ({values}) RETURNING id", *columns.values())[0][0]

    def run(self, kind="metrics", planned="all", **columns):
        columns = {"trigger": "manual", "granularity": "day"} | columns
        return self.insert("sync_runs", workspace_id=self.workspace, connection_id=self.id, kind=kind, planned=planned,
                           reopened=True, **columns)

    def chunk(self, run, kind="metrics", day_from=None, day_to=None, ordinal=1):
        days = {} if kind == "entities" else {"date_from": day_from or self.day_from, "date_to": day_to or self.day_to}
        return self.insert("sync_chunks", run_id=run, connection_id=self.id, kind=kind, ordinal=ordinal, **days)

    def slice(self, store, rows, kind="metrics", **more):
        """A chunk of its own run, read in one page and merged; the run's state."""
        chunk = self.chunk(self.run(kind, granularity=more.pop("granularity", "day")), kind, **more)
        store.ok("open", chunk=chunk)
        return store.ok("merge", chunk=chunk, rows=rows)

    def one(self, sql, *params):
        return self.database.query(sql, *params)[0]

    def facts(self, columns="e.external_id, f.event_date::text, f.spend::text", table="metric_facts", order="1, 2"):
        return self.database.query(f"SELECT {columns} FROM {table} f JOIN entities e ON e.id = f.entity_id "
                                   f"WHERE f.connection_id = %s ORDER BY {order}", self.id)

    def chunk_row(self, chunk, columns):
        return self.one(f"SELECT {columns} FROM sync_chunks WHERE id = %s", chunk)

    def run_row(self, run, columns):
        return self.one(f"SELECT {columns} FROM sync_runs WHERE id = %s", run)

    def row(self, columns):
        return self.one(f"SELECT {columns} FROM connections WHERE id = %s", self.id)


def fact(ad, day, spend="1.50", **more):
    """An insight row; ad "a1" lies in ad set "s1" of campaign "c1"."""
    number = ad[1:]
    return {"ad_id": ad, "adset_id": f"s{number}", "campaign_id": f"c{number}", "day": day, "spend": spend,
            "impressions": "100", "clicks": "7"} | more


def entity(external_id, parent=None, campaign=None, **more):
    level = {"c": "campaign", "s": "adset", "a": "ad"}[external_id[0]]
    return {"external_id": external_id, "level": level, "parent": parent, "campaign": campaign,
            "name": f"name of {external_id}", "status": "ACTIVE"} | more


# Fixtures of the modules that import them; their database has our schema already.

@pytest.fixture
def database(postgres, migrated):
    database = Database(postgres, f"t{time.time_ns()}", migrated.name)
    yield database
    database.drop()


@pytest.fixture
def store(database, build):
    store = Store(build, database.url)
    yield store
    store.close()


@pytest.fixture
def account(database):
    return Account(database)
