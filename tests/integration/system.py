"""The whole system, as its users run it: sandbox, schedulers and workers as processes, driven by the command line."""
import base64
import datetime
import json
import os
import pathlib
import signal
import subprocess
import time
import zoneinfo

import psycopg2
import psycopg2.extras
import requests

ACCOUNT = "act_1001"
TOKEN = "sandbox-token"
WAIT_SECONDS = 120


def far_night():
    """NIGHTLY_AT half a day away where the sandbox's first account is: no test meets a night that it did not ask for."""
    return (datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin")) + datetime.timedelta(hours=12)).strftime("%H:%M")


def wait_for(what, predicate, seconds=WAIT_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = predicate()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


class Sandbox:
    def __init__(self, folder, build, *options):
        self.port_file = folder / "sandbox.port"
        self.log = open(folder / "sandbox.log", "ab")
        self.process = subprocess.Popen(
            [build / "bin/metricx-sandbox", "--listen", "127.0.0.1:0", "--port-file", self.port_file, *options],
            stdout=self.log, stderr=self.log)
        wait_for("the sandbox", lambda: self.port_file.exists() and self.port_file.read_text().strip(), 20)
        self.url = f"http://127.0.0.1:{self.port_file.read_text().strip()}"

    def get(self, what, **params):
        answer = requests.get(f"{self.url}/sandbox/{what}", params=params, timeout=60)
        assert answer.status_code == 200, answer.text
        # Decimals stay texts: no number passes through a double.
        return json.loads(answer.text, parse_float=str)

    def post(self, what, **body):
        answer = requests.post(f"{self.url}/sandbox/{what}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def truth(self, account=ACCOUNT, **range_):
        return self.get("truth", account=account, **range_)

    def calls(self, account=ACCOUNT, window=3600):
        return self.get("calls", account=account, window=window)

    def accounts(self, token=TOKEN, **proof):
        """All ad accounts, as Meta lists them."""
        found, params = [], {"fields": "currency,timezone_name", "limit": 5000, **proof}
        while params:
            answer = requests.get(f"{self.url}/v26.0/me/adaccounts", timeout=60, headers={"Authorization": f"Bearer {token}"},
                                  params=params)
            assert answer.status_code == 200, answer.text
            found += answer.json()["data"]
            paging = answer.json().get("paging", {})
            params = {**params, "after": paging["cursors"]["after"]} if "next" in paging else None
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class Daemon:
    def __init__(self, system, name, log, settings):
        self.log_path = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen([system.build / "bin" / name], env={**system.env, **settings}, stdout=out, stderr=out)

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def stop(self):
        """SIGTERM must end it with code 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert code == 0, f"{self.log_path} ended with {code}:\n{self.log_path.read_text()[-4000:]}"

    def log(self):
        return self.log_path.read_text()


class System:
    """Settings are those of contract section 2, for every program."""

    def __init__(self, folder, build, database_url, redis_url, sandbox_options=(), **settings):
        self.folder = pathlib.Path(folder)
        self.build = build
        self.database_url = database_url
        self.db = None
        self.daemons = []
        self.sandbox = Sandbox(self.folder, build, *sandbox_options)
        key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        self.env = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "TOKEN_ENCRYPTION_KEY": key,
            "META_GRAPH_URL": self.sandbox.url,
            "META_DIALOG_URL": self.sandbox.url.replace("127.0.0.1", "localhost"),  # to a browser another site than ours
            "METRICS_LISTEN": "127.0.0.1:0",
            "INTRADAY_MINUTES": "0",
            "NIGHTLY_AT": far_night(),
            **{name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ},
            **{name: str(value) for name, value in settings.items()},
        }
        try:
            self.metricx("migrate")
        except BaseException:
            self.sandbox.stop()
            raise

    def metricx(self, *args, stdin=None, code=0, program=None, **settings):
        """Runs the command line; its stdout, stripped. With code None the whole result."""
        done = subprocess.run([program or self.build / "bin/metricx", *args], env={**self.env, **settings}, input=stdin, capture_output=True,
                              text=True, timeout=WAIT_SECONDS)
        if code is None:
            return done
        assert done.returncode == code, f"metricx {' '.join(args)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def start(self, name, **settings):
        log = self.folder / f"{name}-{len(self.daemons)}.log"
        daemon = Daemon(self, name, log, {k: str(v) for k, v in settings.items()})
        self.daemons.append(daemon)
        return daemon

    def scheduler(self, **settings):
        return self.start("metricx-scheduler", **settings)

    def worker(self, **settings):
        return self.start("metricx-worker", **settings)

    def connect(self, account=ACCOUNT, token=TOKEN, sync=False, workspace=None):
        workspace = workspace or self.metricx("workspace", "create", "test")
        return self.metricx("connection", "create", "--workspace", workspace, "--provider", "meta", "--account", account,
                            "--token-stdin", *([] if sync else ["--no-sync"]), stdin=token)

    def sync(self, connection, *args):
        """Requests and waits; the run as JSON."""
        run = self.metricx("sync", "--connection", connection, "--wait", *args).splitlines()[0]
        return json.loads(self.metricx("run", run, "--json"))

    def query(self, sql, *params):
        """Rows of one statement, committed at once. The connection is kept, since tests ask again and again until something is there."""
        for _ in range(2):  # PostgreSQL may have gone and come back since
            if self.db is None or self.db.closed:
                self.db = psycopg2.connect(self.database_url, cursor_factory=psycopg2.extras.DictCursor)
                self.db.autocommit = True
            try:
                with self.db.cursor() as cursor:
                    cursor.execute(sql, params)
                    return cursor.fetchall() if cursor.description else None
            except psycopg2.OperationalError:
                if not self.db.closed:
                    raise
        raise AssertionError("PostgreSQL ends every connection")

    def stop(self):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.stop()
        self.sandbox.stop()
        if self.db:
            self.db.close()


def started(make_system, *sandbox, **settings):
    """A system at work while the sandbox's clock stands still, and its connection; the worker is the last of its daemons."""
    system = make_system(sandbox=sandbox, **settings)
    system.scheduler()
    system.worker()
    system.sandbox.post("clock", stop=True)
    return system, system.connect()
