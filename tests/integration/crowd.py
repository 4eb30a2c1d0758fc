"""A large installation: every account of the sandbox connected at once, due at the same minute, and what must hold then."""
from system import wait_for


def connect_all(system, **access):
    """Every account of the sandbox in one workspace, with the zone and the currency that it says; how many. access: as of
    Sandbox.accounts()."""
    system.connect()
    accounts = system.sandbox.accounts(**access)
    system.query("""INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_id, token_source)
                    SELECT k.workspace_id, k.provider, a.id, a.id, a.currency, a.zone, k.token_id, k.token_source
                      FROM connections k, unnest(%s, %s, %s) a (id, currency, zone)
                        ON CONFLICT DO NOTHING""",
                 [a["id"] for a in accounts], [a["currency"] for a in accounts], [a["timezone_name"] for a in accounts])
    return len(accounts)


def await_due_times(system, count):
    """Of all connections, as a scheduler sets them."""
    wait_for("due times", lambda: system.query("SELECT count(*) FROM connections WHERE next_sync_at > now()")[0][0] == count)


def far_from_night(system):
    """The next syncs of all connections are hours away, wherever they are."""
    system.query("""UPDATE connections SET settings = settings || jsonb_build_object('intraday_minutes', 0, 'nightly_at',
                                                      to_char(now() AT TIME ZONE timezone + interval '3 hours', 'HH24:MI'))""")


def due_at_once(system):
    """All connections are due for a night that was missed at the same minute; the next one is hours away."""
    far_from_night(system)
    system.query("UPDATE connections SET next_sync_at = now() - interval '25 hours'")


def one_run_each(system, count):
    """None is forgotten and none runs twice: of each connection one run, and its next time lies ahead."""
    runs = system.query("SELECT count(*), count(DISTINCT (connection_id, due_at)), count(DISTINCT connection_id) FROM sync_runs")
    assert runs == [[count, count, count]], runs
    (late,), = system.query("SELECT count(*) FROM connections WHERE next_sync_at IS NULL OR next_sync_at <= now()")
    assert late == 0, f"{late} connections have no next time"


def one_chunk_each(system):
    """In a run one listing, one chunk of totals, and each day in one chunk."""
    twice = system.query("""SELECT a.run_id, a.kind, a.totals, a.date_from FROM sync_chunks a JOIN sync_chunks b
                                ON b.run_id = a.run_id AND b.id <> a.id AND b.kind = a.kind AND b.totals = a.totals
                               AND daterange(a.date_from, a.date_to, '[]') && daterange(b.date_from, b.date_to, '[]')""")
    assert twice == [], twice[:9]


def starts_in_vain(system):
    """Of chunks, beyond the one that got each done."""
    return int(system.query("SELECT sum(deliveries - 1) FROM sync_chunks WHERE status = 'done'")[0][0])


def questions_repeated(system):
    """Calls for a page that had been asked for before."""
    queries = [call["query"] for call in system.sandbox.get("calls")["calls"] if call["kind"] in ("insights", "entities")]
    return len(queries) - len(set(queries))
