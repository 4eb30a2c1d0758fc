"""Redis is restarted, emptied, full, away, or another one."""
import time

import pytest
import redis as redis_client
from invariants import check
from scenario import ALL, play
from system import wait_for


SCENARIOS = {
    "restarted empty": [(("insights", 8), "restart_redis", 1)],
    "restarted as it was long ago": [(("insights", 3), "save_redis"), (("insights", 14), "crash_redis")],
}
DURABLE = {
    "crashes and is emptied": [(("insights", 8), "crash_redis"), (1, "flush_redis")],
}
if ALL:
    SCENARIOS |= {
        "restarted empty again and again": [(("insights", 8), "restart_redis"), (1, "restart_redis", 1), (1, "restart_redis")],
        "emptied": [(("insights", 8), "flush_redis"), (0.5, "flush_redis"), (1.5, "flush_redis")],
        "stalled": [(("insights", 8), "stall_redis", 0.5), (0.5, "stall_redis", 6)],
    }
    DURABLE |= {"crashes again and again": [(("insights", 8), "crash_redis"), (1, "crash_redis"), (1.5, "crash_redis")]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_redis_is(make_rig, undisturbed, name):
    play(make_rig(), SCENARIOS[name], undisturbed())


@pytest.mark.parametrize("name", DURABLE)
def test_redis_with_a_log_of_its_own(make_rig, durable_redis, undisturbed, name):
    play(make_rig(redis=durable_redis), DURABLE[name], undisturbed())


def test_a_replica_takes_over(make_rig, second_redis, redis_server, undisturbed):
    second_redis.client().replicaof("127.0.0.1", redis_server.port)
    wait_for("the replica", lambda: second_redis.client().info("replication")["master_link_status"] == "up")
    try:
        play(make_rig(), [(("insights", 8), "fail_over", second_redis)], undisturbed())
    finally:
        if redis_server.process is None:
            redis_server.start()


def go_away(rig, seconds):
    """No call while Redis is away; what was granted before is sent within two seconds."""
    rig.cut("all redis")
    time.sleep(3)
    before = rig.calls_so_far()["total"]
    time.sleep(seconds - 3)
    assert rig.calls_so_far()["total"] == before, "Redis is away, and calls are made"
    rig.heal("all redis")
    return before


@pytest.mark.parametrize("emptied", [False, True])
def test_no_call_while_redis_is_away_and_soon_one_when_it_is_back(make_rig, undisturbed, emptied):
    rig = make_rig()
    connection = rig.connect()
    rig.start_members()
    run = rig.begin(connection)
    rig.await_calls("insights", 8)
    if emptied:
        rig.flush_redis()
    before = go_away(rig, 10)
    # Within a second, or five without its data, says the issue; three times that for a busy machine.
    wait_for("the first call", lambda: rig.calls_so_far()["total"] > before, 15 if emptied else 3)
    rig.await_end(run)
    check(rig, [connection], undisturbed())


def test_redis_out_of_memory(make_rig, redis_server, undisturbed):
    """What is in the queue is drained, what is not goes in whole when there is room again."""
    client = redis_server.client()
    rig = make_rig()
    connection = rig.connect()
    rig.start_members()
    days = {"from": rig.day(23), "to": rig.day(0)}
    runs = [("--metrics", "--from", days["from"], "--to", days["to"]), ("--entities", "--force")]
    first = rig.begin(connection, *runs[0])
    rig.await_calls("insights", 2)
    wait_for("its jobs", lambda: rig.query("SELECT planned FROM sync_runs WHERE id = %s", first)[0][0] == "all")
    time.sleep(2)  # and now they are in the queue
    client.config_set("maxmemory", "1")
    try:
        with pytest.raises(redis_client.ResponseError, match="maxmemory"):
            client.set("more", "x")
        second = rig.begin(connection, *runs[1])
        assert rig.await_end(first) == "succeeded"
        assert rig.status(second) in ("queued", "running")
        jobs = [key for key in client.keys("{metricx}:job:*") if client.hget(key, "run_id") == second]
        assert jobs == [] and client.keys("{metricx}:ready:*") == []
    finally:
        client.config_set("maxmemory", "0")
    assert rig.await_end(second) == "succeeded"
    check(rig, [connection], undisturbed(*runs), **days)
