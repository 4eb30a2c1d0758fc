"""A slice through chunk_open, chunk_stage and chunk_merge, beside one INSERT … ON CONFLICT DO UPDATE of the same rows that
writes only what differs. The rows are made by bench_driver (rows.c); ads are known before, as after a sync of entities."""
import contextlib
import time

ROUNDS = 3
SIZES = ((9_000, 100, 90), (100_000, 1000, 100))  # rows, ads, days
MEASURES = ("spend", "impressions", "clicks", "link_clicks", "conversions", "revenue", "leads", "installs", "purchases",
            "registrations", "visitors", "reach", "attribution_setting", "actions", "action_values")
UPSERT = f"""INSERT INTO metric_facts AS f SELECT * FROM again
             ON CONFLICT (entity_id, event_date) DO UPDATE SET ({", ".join(MEASURES)}) =
                ({", ".join(f"EXCLUDED.{m}" for m in MEASURES)})
             WHERE ({", ".join(f"f.{m}" for m in MEASURES)}) IS DISTINCT FROM
                ({", ".join(f"EXCLUDED.{m}" for m in MEASURES)})"""


class Account:
    def __init__(self, place, database, ads, days):
        self.place, self.database, self.ads, self.days = place, database, ads, days
        self.workspace, self.connection = database.query("""
            WITH w AS (INSERT INTO workspaces (name) VALUES ('bench') RETURNING id)
            INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_source)
            SELECT id, 'meta', 'act_' || %s, 'bench', 'EUR', 'Europe/Berlin', 'env' FROM w RETURNING workspace_id, id""",
            time.time_ns())[0]
        for level, count, first in (("campaign", ads // 10, 2_000_000_000), ("adset", ads // 5, 1_000_000_000), ("ad", ads, 0)):
            database.execute("""
                INSERT INTO entities (workspace_id, connection_id, provider, external_id, level, name)
                SELECT %s, %s, 'meta', 120210000000000000 + %s + i, %s, 'x' FROM generate_series(0, %s) i""",
                self.workspace, self.connection, first, level, count - 1)

    def slice(self, rows, change_each):
        """What bench_driver says, and the WAL that was written from opening the chunk to its end."""
        chunk = self.database.query("""
            WITH r AS (INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, planned, chunks_total)
                       VALUES (%s, %s, 'metrics', 'manual', 'all', 1) RETURNING id, connection_id)
            INSERT INTO sync_chunks (run_id, connection_id, kind, date_from, date_to, ordinal)
            SELECT id, connection_id, 'metrics', date '2026-06-01', date '2026-06-01' + %s, 0 FROM r RETURNING id""",
            self.workspace, self.connection, self.days - 1)[0][0]
        with wal(self.database) as written:
            said = self.place.driver("slice", self.database.url, chunk, rows, self.ads, change_each)
        return said | {"wal": written[0]}

    def upsert(self):
        self.database.execute("DROP TABLE IF EXISTS again")
        self.database.execute("CREATE UNLOGGED TABLE again AS SELECT * FROM metric_facts")
        self.database.execute("ANALYZE again")
        with wal(self.database) as written:
            start = time.monotonic()
            self.database.execute(UPSERT)
            seconds = time.monotonic() - start
        return {"merge": seconds, "wal": written[0]}


@contextlib.contextmanager
def wal(database):
    written = []
    before = database.query("SELECT pg_current_wal_insert_lsn()")[0][0]
    yield written
    written.append(int(database.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", before)[0][0]))


def one_round(place, rows, ads, days):
    with place.database() as database:
        database.execute("ALTER TABLE metric_facts SET (autovacuum_enabled = off)")  # its WAL is not ours
        account = Account(place, database, ads, days)
        first = account.slice(rows, 0)
        assert first["inserted"] == rows
        database.execute("VACUUM ANALYZE")  # as autovacuum leaves it soon after
        same = account.slice(rows, 0)
        assert same["unchanged"] == rows
        upsert = account.upsert()
        changed = account.slice(rows, 50)
        assert changed["updated"] == rows // 50
        return {"first": first, "same": same, "changed": changed, "upsert": upsert}


def run(place, table):
    for rows, ads, days in SIZES:
        rounds = [one_round(place, rows, ads, days) for _ in range(ROUNDS)]

        def of(what, name, scale=1.0):
            return [one[what][name] * scale for one in rounds]

        table.head(f"merge: {rows:,} rows ({ads:,} ads x {days} days)")
        table.row("staging its pages by COPY", of("first", "stage"), "s")
        table.row("first merge", of("first", "merge"), "s")
        table.row("first: staging and merge together", [rows / (o["first"]["stage"] + o["first"]["merge"]) for o in rounds], "rows/s")
        table.row("unchanged: merge", of("same", "merge"), "s")
        table.row("  beside: INSERT … ON CONFLICT DO UPDATE … WHERE distinct", of("upsert", "merge"), "s")
        table.row("unchanged: WAL of open, staging and merge", of("same", "wal", 1e-3), "kB")
        table.row("  beside: INSERT … ON CONFLICT DO UPDATE … WHERE distinct", of("upsert", "wal", 1e-3), "kB")
        table.row("2 % changed: merge", of("changed", "merge"), "s")
        table.row("2 % changed: WAL", of("changed", "wal", 1e-3), "kB")
