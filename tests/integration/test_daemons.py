"""What every daemon promises: help, version, check, clear failures at the start, the operators' pages, and the clock."""
import re
import subprocess

import pytest
import requests

from system import wait_for

DAEMONS = ("metricx-worker", "metricx-scheduler")


@pytest.fixture
def started(build, environment):
    """started(name, *args, **settings): runs a daemon that is expected to end by itself."""

    def run(name, *args, **settings):
        key = {"TOKEN_ENCRYPTION_KEY": "A" * 43 + "=", "METRICS_LISTEN": "127.0.0.1:0"}
        return subprocess.run([build / "bin" / name, *args], env=environment | key | settings, capture_output=True, text=True,
                              timeout=120, check=False)

    return run


@pytest.mark.parametrize("name", DAEMONS)
def test_help_names_every_setting_of_the_program(started, name):
    done = started(name, "--help")
    assert done.returncode == 0 and done.stderr == ""
    for setting in ("DATABASE_URL", "REDIS_URL", "QUEUE_PREFIX", "METRICS_LISTEN", "LOG_FORMAT"):
        assert setting in done.stdout
    assert re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", started(name, "--version").stdout)


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize("setting,value,words", [
    ("REDIS_URL", "http://127.0.0.1", ("REDIS_URL", "redis://")),
    ("LEASE_SECONDS", "soon", ("LEASE_SECONDS", "soon")),
    ("QUEUE_PREFIX", "metricx", ("QUEUE_PREFIX", "{")),
])
def test_a_bad_setting_is_named(started, name, setting, value, words):
    done = started(name, **{setting: value})
    if done.returncode == 0 or setting not in started(name, "--help").stdout:
        pytest.skip(f"{name} does not read {setting}")
    assert done.returncode == 2
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("name", DAEMONS)
def test_an_unknown_setting_in_the_file_is_named(started, name, tmp_path):
    (tmp_path / "conf").write_text("REDIS_URI=redis://127.0.0.1\n")
    done = started(name, "--config", str(tmp_path / "conf"))
    assert done.returncode == 2 and "REDIS_URI" in done.stderr and "REDIS_URL" in done.stderr


@pytest.mark.parametrize("name", DAEMONS)
def test_servers_that_are_away_are_named(started, program, name):
    program("metricx", "migrate")
    done = started(name, REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 1 and "REDIS_URL" in done.stderr, done.stderr
    done = started(name, DATABASE_URL="postgresql://postgres@127.0.0.1:1/nothing")
    assert done.returncode == 1 and "127.0.0.1" in done.stderr and "PostgreSQL" in done.stderr, done.stderr


@pytest.mark.parametrize("name", DAEMONS)
def test_a_database_without_schema_names_the_command_that_makes_it(started, name):
    done = started(name)
    assert done.returncode == 1 and "metricx migrate" in done.stderr, done.stderr


@pytest.mark.parametrize("name", DAEMONS)
def test_check_says_what_is_wrong(started, program, name):
    done = started(name, "--check")
    assert done.returncode == 1 and "migrate" in done.stdout
    program("metricx", "migrate")
    done = started(name, "--check")
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


def ops_url(daemon):
    found = wait_for("the operators' port", lambda: re.search(r"port[=\":]+(\d+)", daemon.log()))
    return f"http://127.0.0.1:{found.group(1)}"


def test_metrics_health_and_readiness(make_system):
    system = make_system()
    scheduler, worker = system.scheduler(), system.worker()
    connection = system.connect()
    system.sync(connection, "--entities")
    for daemon in (scheduler, worker):
        url = ops_url(daemon)
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
        assert wait_for("readiness", lambda: requests.get(f"{url}/readyz", timeout=10).status_code == 200)
        assert requests.get(f"{url}/nothing", timeout=10).status_code == 404
    metrics = requests.get(f"{ops_url(worker)}/metrics", timeout=10).text
    assert re.search(r"^metricx_provider_calls_total 3$", metrics, re.M), metrics
    assert re.search(r"^metricx_rows_inserted_total 130$", metrics, re.M), metrics


def test_a_wrong_key_parks_the_job_and_is_no_fault_of_the_token(make_system):
    system = make_system()
    system.scheduler()
    connection = system.connect()
    worker = system.worker(TOKEN_ENCRYPTION_KEY="A" * 43 + "=")
    system.metricx("sync", "--connection", connection, "--entities")
    url = ops_url(worker)
    wait_for("no readiness", lambda: requests.get(f"{url}/readyz", timeout=10).status_code == 503)
    assert "TOKEN_ENCRYPTION_KEY" in requests.get(f"{url}/readyz", timeout=10).text
    assert system.query("SELECT status FROM connections")[0][0] == "active"
    assert system.query("SELECT attempts, status FROM sync_chunks")[0] == [0, "queued"]


@pytest.mark.parametrize("missed,kind,trigger", [("25 hours", "full", "nightly"), ("1 millisecond", "metrics", "intraday")])
def test_a_connection_whose_time_has_come_is_synced_once(make_system, missed, kind, trigger):
    system = make_system(INTRADAY_MINUTES=60, NIGHTLY_AT="03:00")
    system.scheduler()
    system.scheduler()
    system.worker()
    system.sandbox.post("clock", stop=True)
    connection = system.connect()
    due = "SELECT next_sync_at > now() FROM connections"
    wait_for("the first due time", lambda: system.query(due)[0][0])
    # Away from the nightly hour, so that a short delay is never a missed night.
    system.query("""UPDATE connections SET next_sync_at = now() - %s::interval, settings = jsonb_build_object('nightly_at',
                    to_char(now() AT TIME ZONE timezone + interval '3 hours', 'HH24:MI'))""", missed)
    wait_for("the run", lambda: system.query("SELECT count(*) FROM sync_runs WHERE status = 'succeeded'")[0][0] == 1)
    runs = system.query("SELECT kind, trigger FROM sync_runs")
    assert runs == [[kind, trigger]]
    assert system.query(due)[0][0]
