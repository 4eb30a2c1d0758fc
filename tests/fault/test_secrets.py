"""The search for secrets finds one wherever it is planted, and no program can leave a core file."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import types

import psycopg2
import pytest
from rig import TOKEN
from secrets_told import no_core_file_can_be, no_secret_is_told
from system import wait_for


def statement_that_fails(rig):
    with pytest.raises(psycopg2.Error):
        rig.query(f"SELECT 1 FROM nowhere WHERE '{TOKEN}' = ''")


def encrypted_token(rig):
    return rig.query("SELECT access_token_enc FROM tokens")[0][0]


PLANTED = {
    "a log": lambda rig: rig.members["worker0"].logs[-1].open("a").write(f"token={TOKEN}\n"),
    "a log, as sent": lambda rig: rig.members["worker0"].logs[-1].open("a").write("Authorization: x\n"),
    "a log, encrypted": lambda rig: rig.members["worker0"].logs[-1].open("a").write(encrypted_token(rig)),
    "a key": lambda rig: rig.redis.client().set("{metricx}:" + TOKEN, 1),
    "a value": lambda rig: rig.redis.client().rpush("{metricx}:requests:rejected", TOKEN),
    "a table": lambda rig: rig.query("UPDATE connections SET status_reason = %s", "why: " + TOKEN),
    "a table, encrypted": lambda rig: rig.query("UPDATE connections SET name = %s", encrypted_token(rig)),
    "another column of the tokens": lambda rig: rig.query("UPDATE tokens SET refresh_token_enc = %s", TOKEN),
    "Redis' file": lambda rig: (rig.redis.folder / "appendonly.aof").write_text(TOKEN),
    "PostgreSQL's log": statement_that_fails,
}


@pytest.fixture
def rig(make_rig):
    rig = make_rig()
    rig.connect()
    rig.add("worker0").port()
    return rig


def test_a_token_is_found(rig):
    logs = [rig.members["worker0"].logs[-1], rig.postgres.folder / "log"]
    texts = [log.read_text() for log in logs]
    for place, plant in PLANTED.items():
        no_secret_is_told(rig)
        plant(rig)
        with pytest.raises(AssertionError, match="a secret in"):
            no_secret_is_told(rig)
            pytest.fail(f"not found in {place}")
        for log, text in zip(logs, texts, strict=True):
            log.write_text(text)
        (rig.redis.folder / "appendonly.aof").unlink(missing_ok=True)
        rig.redis.client().flushall()
        rig.query("UPDATE connections SET name = '', status_reason = NULL; UPDATE tokens SET refresh_token_enc = NULL")


def test_the_search_leaves_nothing_that_a_restart_of_redis_brings_back(make_rig):
    rig = make_rig()
    rig.redis.client().set("of this scenario", 1)
    no_secret_is_told(rig)
    rig.restart_redis()
    assert rig.redis.client().dbsize() == 0


def test_a_core_file_is_found(rig):
    core = rig.folder / "deep" / "core.4711"
    core.parent.mkdir()
    core.touch()
    with pytest.raises(AssertionError, match="core files"):
        no_secret_is_told(rig)


def test_a_process_that_may_leave_a_core_file_is_found(rig):
    no_core_file_can_be(rig)
    with subprocess.Popen(["sleep", "60"]) as other:
        resource.prlimit(other.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        rig.members["other"] = types.SimpleNamespace(name="other", process=other)
        with pytest.raises(AssertionError, match="core file"):
            no_core_file_can_be(rig)
        del rig.members["other"]
        other.kill()


PROGRAMS = ["metricx-worker", "metricx-scheduler", "metricx-api", "metricx"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_nobody_reads_the_memory_of_a_program(make_rig, build, name):
    """Started where core files are allowed it leaves none. The files in /proc of a process that is not dumpable are root's, whoever
    runs it; LeakSanitizer needs its process dumpable."""
    rig = make_rig()
    # the command line while it waits for a token
    words = ["token", "add", "--workspace", rig.metricx("workspace", "create", "test"), "--provider", "meta", "--stdin"]
    as_nobody = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(build / "bin" / name, folder)
        process = subprocess.Popen(
            [*as_nobody, program, *(words if name == "metricx" else [])], stdin=subprocess.PIPE, cwd=folder,
            env={**rig.env, "LOG_LEVEL": "error", "JWT_SECRET": "a secret that is long enough for this", "LISTEN": "127.0.0.1:0"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
        try:
            limits = pathlib.Path(f"/proc/{process.pid}/limits")
            wait_for("no core files", lambda: re.search(r"^Max core file size +0 +0 ", limits.read_text(), re.M), 20)
            sanitized = b"__asan_init" in (build / "bin" / name).read_bytes()
            owner = (65534 if as_nobody else os.geteuid()) if sanitized else 0
            wait_for("its owner", lambda: os.stat(f"/proc/{process.pid}/environ").st_uid == owner, 20)
            if name != "metricx":
                wait_for("its start", lambda: rig.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                                                        "AND application_name LIKE 'metricx%%'"))
        finally:
            process.terminate()
            process.stdin.close()
            assert process.wait(60) == (-signal.SIGTERM if name == "metricx" else 0)
