"""A large installation: every account of the sandbox connected at once, due at the same minute, and what must hold then."""
from system import wait_for


def connect_all(system):
    """Every account of the sandbox in one workspace, with the zone and the currency that it says; how many."""
    system.connect()
    accounts = system.sandbox.accounts()
    system.query("""INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, token_id, token_source)
                    SELECT k.workspace_id, k.provider, a.id, a.id, a.currency, a.zone, k.token_id, k.token_source
                      FROM connections k, unnest(%s, %s, %s) a (id, currency, zone)
                        ON CONFLICT DO NOTHING""",
                 [a["id"] for a in accounts], [a["currency"] for a in accounts], [a["timezone_name"] for a in accounts])
    return len(accounts)


def await_due_times(system, count):
    """Of all connections, as a scheduler sets them."""
    wait_for("due times", lambda: system.query("SELECT count(*) FROM connections WHERE next_sync_at > now()")[0][0] == count)


def due_at_once(system):
    """All connections are due for a night that was missed at the same minute; the next one is hours away."""
    system.query("""UPDATE connections
                       SET next_sync_at = now() - interval '25 hours',
                           settings = settings || jsonb_build_object('intraday_minutes', 0, 'nightly_at',
                                      to_char(now() AT TIME ZONE timezone + interval '3 hours', 'HH24:MI'))""")
