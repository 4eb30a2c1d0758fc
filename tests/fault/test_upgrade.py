"""A rolling upgrade under load: the schema first, then one daemon after the other."""
from invariants import check
from scenario import SCHEDULERS, WORKERS
from system import wait_for


def at_work(rig, version):
    """Workers of this version that have given signs of life in the last minute."""
    client = rig.redis.client()
    return sum(client.hget("{metricx}:worker:" + worker, "version") == version for worker in client.zrange("{metricx}:workers", 0, -1))


def test_old_and_new_work_side_by_side(make_rig, undisturbed, build, later, version, later_version):
    """No page is lost and nothing fails."""
    rig = make_rig()
    connection = rig.connect()
    rig.start_members()
    run = rig.begin(connection)
    rig.await_calls("insights", 4)
    assert "_next.sql" in rig.metricx("migrate", program=build / "tests" / "metricx-next")
    rig.replace("worker0", later)
    wait_for("both at work", lambda: at_work(rig, version) == 3 and at_work(rig, later_version) == 1)
    for name in (WORKERS + SCHEDULERS)[1:]:
        rig.replace(name, later)
    assert rig.await_end(run) == "succeeded"
    assert at_work(rig, later_version) == 3
    assert rig.vain == 0 and rig.query("SELECT count(*) FROM sync_chunks WHERE attempts > 0")[0][0] == 0
    check(rig, [connection], undisturbed())
    assert all("level=error" not in member.log() for member in rig.members.values())


def test_a_schema_that_wants_a_later_release_refuses_older_ones(make_rig, build, later, version, later_version):
    """What is at work stays at work; what is started is refused."""
    rig = make_rig()
    working = rig.add("worker0")
    working.port()
    rig.metricx("migrate", program=build / "tests" / "metricx-next")
    rig.query("UPDATE schema_migrations SET oldest_program = %s WHERE name LIKE '%%_next.sql'", later_version)
    refused = rig.add("worker1")
    assert refused.process.wait(60) == 1
    assert f"needs metricx {later_version} or newer; this is {version}" in refused.log()
    refused.bin = later
    refused.start()
    refused.port()
    assert working.process.poll() is None
