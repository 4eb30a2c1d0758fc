"""A daemon that cannot start says why and ends, or waits."""
import time

import pytest
from system import wait_for

DAEMONS = ["worker0", "scheduler0"]


def end_of(member, code):
    assert member.process.wait(60) == code, member.log()
    assert "Sanitizer" not in member.log() and '"cannot start"' in member.log()
    return member.log()


@pytest.mark.parametrize("name", DAEMONS)
def test_its_port_is_taken(make_rig, name):
    rig = make_rig()
    first = rig.add("worker1")
    member = rig.add(name, METRICS_LISTEN=f"127.0.0.1:{first.port()}")
    assert "METRICS_LISTEN" in end_of(member, 1)
    member.settings.clear()
    member.start()
    member.port()


def stopped(rig, name):
    """It has served and is down: what it needs goes away before it starts again."""
    member = rig.add(name)
    member.port()
    member.stop()
    return member


@pytest.mark.parametrize("name", DAEMONS)
def test_redis_is_away(make_rig, name):
    rig = make_rig()
    member = stopped(rig, name)
    rig.cut(f"{name} redis")
    member.start()
    assert "REDIS_URL" in end_of(member, 1)
    rig.heal()
    rig.revive()
    member.port()


@pytest.mark.parametrize("name", DAEMONS)
def test_postgresql_is_away(make_rig, name):
    """It waits."""
    rig = make_rig()
    member = stopped(rig, name)
    rig.cut(f"{name} postgres")
    member.start()
    time.sleep(2)
    assert member.process.poll() is None
    rig.heal()
    member.port()


@pytest.mark.parametrize("name", DAEMONS)
def test_the_schema_is_older(make_rig, name):
    """It says what to do, and works once that is done."""
    rig = make_rig()
    newest = rig.query("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations) RETURNING *")[0]
    member = rig.add(name)
    assert "run `metricx migrate`" in end_of(member, 1)
    rig.query("INSERT INTO schema_migrations VALUES (%s, %s, %s, %s, %s, %s)", *newest)
    rig.revive()
    member.port()


@pytest.mark.parametrize("name", DAEMONS)
def test_it_is_told_to_stop_before_it_has_begun(make_rig, name):
    rig = make_rig()
    member = stopped(rig, name)
    rig.freeze(f"{name} postgres")
    member.start()
    wait_for("its way to PostgreSQL", lambda: member.links["postgres"].waiting)
    member.stop()
