"""Several schedulers tick at once, each believing that it alone plans: a tick that is done twice does nothing the second time."""
from invariants import check
from system import wait_for

NO_LEASE = """
    CREATE FUNCTION lapse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.until := now(); RETURN NEW; END $$;
    CREATE TRIGGER lapse BEFORE INSERT OR UPDATE ON scheduler_lease FOR EACH ROW EXECUTE FUNCTION lapse()"""
ACCOUNTS = 6


def test_all_plan(make_rig, undisturbed):
    settings = {"META_CALLS_PER_WINDOW": 400, "BACKFILL_DAYS": 20, "RESTATE_DAYS": 5}
    rig = make_rig(sandbox=("--accounts", str(ACCOUNTS)), **settings)
    rig.query(NO_LEASE)
    rig.start_members(workers=1, schedulers=3)
    connections = [rig.connect(account=f"act_{1001 + i}") for i in range(ACCOUNTS)]
    for connection in connections:
        rig.begin(connection)
    for run in rig.runs:
        assert rig.await_end(run) == "succeeded"
    rig.query("UPDATE connections SET next_sync_at = now() - interval '1 minute'")
    wait_for("a nightly run of each", lambda: rig.query("SELECT count(*) FROM connections WHERE next_sync_at > now()")[0][0] == ACCOUNTS)
    wait_for("their end", lambda: not rig.query("SELECT 1 FROM sync_runs WHERE status IN ('queued', 'running')"))
    assert [row[:] for row in rig.query("SELECT trigger, count(*) FROM sync_runs GROUP BY trigger ORDER BY trigger")] == \
        [["manual", ACCOUNTS], ["nightly", ACCOUNTS]]
    for name in ("scheduler0", "scheduler1", "scheduler2"):
        assert rig.members[name].metric("scheduler_ticks_total") > 3 and "planning from now on" in rig.members[name].log()
    once = rig.query("""SELECT count(*) FROM sync_chunks a JOIN sync_chunks b USING (run_id, kind, totals)
                         WHERE a.id < b.id AND a.kind = 'metrics' AND a.date_from <= b.date_to AND b.date_from <= a.date_to""")
    assert once[0][0] == 0, "days were planned twice"
    check(rig, connections, undisturbed((), ("--metrics", "--from", rig.day(5), "--to", rig.day(0)), **settings))
