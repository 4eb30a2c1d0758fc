"""The whole system with a link of its own from every daemon to every server, and the faults that scenarios name.

Names of daemons: worker0, worker1, …, scheduler0, …; one that was killed and started again keeps its name. Names of links:
"worker0 redis", "scheduler1 postgres", "worker2 sandbox"; "workers redis" means all of theirs. Names of clocks: those of daemons,
"redis", "postgres"."""
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import time

import psycopg2
import redis as redis_client
import requests
from clock import Clock
from link import Link
from meta import Meta
from system import System, wait_for

# What the harness searches for at the end of every scenario, and every other token that a rig had.
TOKEN = "EAAfaultharness0123456789abcdefghijklmnopqrstuvwxyz"
APP_SECRET = "5ec4e7f0000011112222333344445555"

LEASE_SECONDS, WINDOW_SECONDS, LIMIT, CONCURRENCY = 2, 3, 60, 4
SETTINGS = {
    "LEASE_SECONDS": LEASE_SECONDS, "META_WINDOW_SECONDS": WINDOW_SECONDS, "META_CALLS_PER_WINDOW": LIMIT, "CHUNK_DAYS": 6,
    "PAGE_LIMIT": 100, "WORKER_CONCURRENCY": CONCURRENCY, "MAX_ATTEMPTS": 50, "SHUTDOWN_GRACE_SECONDS": 8,
    "META_APP_SECRET": APP_SECRET, "NIGHTLY_AT": "03:00"}
SANDBOX = ("--latency-ms", "30", "--stop-clock", "--token", TOKEN, "--app-secret", APP_SECRET, "--require-proof")


def zone_at_noon():
    """Where it is about noon: no day ends and no nightly sync begins while a scenario runs."""
    ahead = 12 - time.gmtime().tm_hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


class Member:
    """One daemon, its settings and its links; the process changes when it is started again."""

    def __init__(self, rig, name, settings, stderr=None):
        self.rig, self.name, self.settings, self.stderr = rig, name, settings, stderr
        self.links = {kind: Link(port) for kind, port in rig.ports().items()}
        self.clock = Clock(rig.folder, rig.build, f"{name}.clock")
        self.bin = rig.build / "bin"
        self.logs = []
        self.start()

    def start(self):
        url = self.rig.url_through(self.links)
        log = self.rig.folder / f"{self.name}-{len(self.logs)}.log"
        self.logs.append(log)
        log.touch()
        out = self.stderr or open(log, "ab")
        program = "metricx-" + self.name.rstrip("0123456789")
        # In a folder of its own and with core files allowed, so that one that is written is found.
        self.process = subprocess.Popen(
            [self.bin / program], env={**self.rig.env, **url, **self.clock.environment, **self.settings}, stdout=out, stderr=out,
            cwd=self.rig.folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2))
        if not self.stderr:
            out.close()

    def log(self):
        return "".join(log.read_text() for log in self.logs)

    def port(self):
        """Where the process that runs now serves metrics; its log says it."""
        return int(wait_for("its port", lambda: re.search(r'"metrics are served" port=(\d+)', self.logs[-1].read_text()))[1])

    def metric(self, name, port=None):
        port = port or self.port()
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
        return int(re.search(rf"^metricx_{name} (\d+)", text, re.M)[1])

    def stop(self):
        """SIGTERM must end it with code 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert code == 0, f"{self.name} ended with {code}:\n{self.log()[-4000:]}"


    def could_not_start(self):
        """It ended because a server was away when it began."""
        return self.process.poll() == 1 and '"cannot start"' in self.logs[-1].read_text()


class Rig(Meta, System):
    def __init__(self, folder, build, database, postgres, redis, sandbox=(), **settings):
        self.database, self.postgres, self.redis = database, postgres, redis
        self.members = {}
        self.tokens = [TOKEN]  # the last one is that of its connections
        self.vain = 0  # calls that the faults so far may have cost
        super().__init__(folder, build, database.url, redis.url, (*SANDBOX, "--zone", zone_at_noon(), *sandbox), **{**SETTINGS, **settings})
        # The preloaded clock comes before the sanitizer; freed memory is not kept long, so that what is held can be measured.
        self.env["ASAN_OPTIONS"] = (os.environ.get("ASAN_OPTIONS", "") +
                                    ":verify_asan_link_order=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
        self.runs = []
        self.later = None  # a folder with the daemons of a later release
        self.spare = None  # another Redis

    # --- the ways ---

    def ports(self):
        return {"postgres": self.postgres.port, "redis": self.redis.port, "sandbox": int(self.sandbox.url.rsplit(":", 1)[1])}

    def url_through(self, links):
        return {"DATABASE_URL": self.database_url.replace(f":{self.postgres.port}/", f":{links['postgres'].port}/"),
                "REDIS_URL": f"redis://127.0.0.1:{links['redis'].port}/0",
                "META_GRAPH_URL": f"http://127.0.0.1:{links['sandbox'].port}"}

    def links(self, name):
        """All links that a name means."""
        who, kind = name.split()
        return [m.links[kind] for m in self.members.values() if who in (m.name, m.name.rstrip("0123456789") + "s", "all")]

    def cut(self, name):
        self.count_vain()
        for link in self.links(name):
            link.cut()

    def freeze(self, name):
        self.count_vain()
        for link in self.links(name):
            link.freeze()

    def mute(self, name):
        """What is asked for passes, no answer does."""
        self.count_vain()
        for link in self.links(name):
            link.freeze_answers()

    def slow(self, name, seconds):
        for link in self.links(name):
            link.slow(seconds)

    def heal(self, name="all"):
        self.count_vain()  # what was asked for while the way was cut
        for kind in ("postgres", "redis", "sandbox") if name == "all" else ():
            self.heal(f"all {kind}")
        for link in self.links(name) if name != "all" else ():
            link.heal()

    def lose_commits(self, name, n):
        self.vain += n * CONCURRENCY
        for link in self.links(name):
            link.lose_commits(n)

    # --- the daemons ---

    def start_members(self, workers=3, schedulers=2, **settings):
        for i in range(schedulers):
            self.add(f"scheduler{i}")
        for i in range(workers):
            self.add(f"worker{i}", **settings)

    def add(self, name, stderr=None, **settings):
        """stderr: where its log goes, when not into a file."""
        self.members[name] = Member(self, name, {k: str(v) for k, v in settings.items()}, stderr)
        return self.members[name]

    def in_flight(self, worker=None):
        """Jobs leased, all or those of one worker; as many as there can be when nobody can say."""
        pid = str(self.members[worker].process.pid) if worker else None
        most = CONCURRENCY * sum(name.startswith("worker") for name in self.members)
        try:
            client = self.redis.client()
            held = [client.hget("{metricx}:job:" + job, "worker") for job in client.zrange("{metricx}:lease", 0, -1)]
            return sum(h is not None and pid in (None, h.split(":")[1]) for h in held)
        except redis_client.RedisError:  # it is away
            return CONCURRENCY if worker else most

    def who_has(self, job):
        """The worker that leases it."""
        held = self.redis.client().hget("{metricx}:job:" + job, "worker")
        return next(m.name for m in self.members.values() if m.process.pid == int(held.split(":")[1]))

    def count_vain(self, worker=None):
        """A fault comes: each job in flight may have to read its page again."""
        self.vain += self.in_flight(worker)

    def kill(self, name, how=signal.SIGKILL):
        member = self.members[name]
        if name.startswith("worker") and member.process.poll() is None:
            member.process.send_signal(signal.SIGSTOP)  # so that what is counted is what is lost
            self.count_vain(name)
        member.process.send_signal(how)
        member.process.send_signal(signal.SIGCONT)
        member.process.wait(20)

    def restart(self, name):
        """kill -9, and at once a new one."""
        self.kill(name)
        self.members[name].start()

    def crash(self, name):
        """As after a bug of its own, which would leave a core file; and at once a new one."""
        self.kill(name, signal.SIGABRT)
        self.members[name].start()

    def stall(self, name):
        if name.startswith("worker"):
            self.count_vain(name)
        self.members[name].process.send_signal(signal.SIGSTOP)

    def resume(self, name):
        self.members[name].process.send_signal(signal.SIGCONT)

    def stall_for(self, name, seconds):
        self.stall(name)
        time.sleep(seconds)
        self.resume(name)

    def end(self, name):
        """SIGTERM, and at once a new one."""
        self.members[name].stop()
        self.members[name].start()

    def starve(self, who):
        """They may open no descriptor any more, until fed; who: daemons whose names begin so."""
        for member in self.called(who):
            resource.prlimit(member.process.pid, resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    def feed(self, who):
        for member in self.called(who):
            resource.prlimit(member.process.pid, resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    def called(self, who):
        return [member for name, member in self.members.items() if name.startswith(who)]

    def revive(self):
        """As whoever looks after them would: those that could not start are started again."""
        for member in self.members.values():
            if member.could_not_start():
                member.start()

    def replace(self, name, folder):
        """SIGTERM, and at once another program in its place, from that folder."""
        self.members[name].bin = folder
        self.end(name)

    def exchange(self, name):
        """For the other release."""
        self.replace(name, self.build / "bin" if self.members[name].bin == self.later else self.later)

    def migrate_on(self):
        """To the schema of the later release; nobody may be cut off in the midst of a transaction."""
        self.heal()
        self.metricx("migrate", program=self.build / "tests" / "metricx-next")

    @contextlib.contextmanager
    def standing_still(self):
        """All daemons, so that what is counted is what is lost: a page of each job in flight, and all that are staged."""
        for member in self.members.values():
            member.process.send_signal(signal.SIGSTOP)
        self.count_vain()
        self.vain += self.staged_pages()
        yield
        for member in self.members.values():
            member.process.send_signal(signal.SIGCONT)

    # --- clocks ---

    def step_clock(self, name, seconds):
        """A cursor that looks old is not used any more."""
        self.count_vain()
        if name == "postgres":
            self.vain += self.staged_pages()
        server = {"postgres": self.postgres, "redis": self.redis}.get(name)
        (server or self.members[name]).clock.step(seconds)

    # --- Redis ---

    def restart_redis(self, away=0):
        """It comes back with what it has on disk: with nothing, if nobody has saved."""
        self.count_vain()
        self.redis.stop()
        time.sleep(away)
        self.redis.start()

    def save_redis(self):
        self.redis.client().save()

    def lose_redis(self, away=0):
        """With all its data, those on disk too."""
        self.count_vain()
        self.redis.stop(signal.SIGKILL)
        shutil.rmtree(self.redis.folder / "appendonlydir", ignore_errors=True)
        (self.redis.folder / "dump.rdb").unlink(missing_ok=True)
        time.sleep(away)
        self.redis.start()

    def stall_redis(self, seconds):
        self.count_vain()
        self.redis.pause()
        time.sleep(seconds)
        self.redis.resume()
        self.count_vain()

    def flush_redis(self):
        self.count_vain()
        self.redis.client().flushall()

    def fill_redis(self, seconds):
        """It is out of memory so long."""
        self.redis.client().config_set("maxmemory", "1")
        time.sleep(seconds)
        self.redis.client().config_set("maxmemory", "0")

    def crash_redis(self):
        """kill -9; what it has on disk is there again, all else is lost."""
        self.count_vain()
        self.redis.stop(signal.SIGKILL)
        self.redis.start()

    def fail_over(self, replica):
        """Its replica is promoted, and everybody is led there."""
        self.count_vain()
        self.redis.stop(signal.SIGKILL)
        replica.client().replicaof("NO", "ONE")
        self.redis, self.env["REDIS_URL"] = replica, replica.url
        for link in self.links("all redis"):
            link.cut()
            link.target = replica.port
            link.heal()

    def change_over(self):
        """To the spare one, once it has all that this one has; this one is the spare one then."""
        spare, self.spare = self.spare, self.redis
        if spare.process is None:
            spare.start()
        spare.clock.set(self.redis.clock.seconds)
        spare.client().replicaof("127.0.0.1", self.redis.port)
        wait_for("the replica", lambda: spare.client().info("replication")["master_link_status"] == "up")
        self.fail_over(spare)

    # --- PostgreSQL ---

    def staged_pages(self):
        try:
            return int(self.query("SELECT coalesce(sum(page - 1), 0) FROM chunk_cursor")[0][0])
        except psycopg2.Error:
            return 0

    def restart_postgres(self, away=0):
        self.count_vain()
        self.postgres.stop()
        time.sleep(away)
        self.postgres.start()
        self.count_vain()

    def crash_postgres(self, away=0):
        """As after a power cut; the staged pages are lost."""
        with self.standing_still():
            self.postgres.crash()
        time.sleep(away)
        self.postgres.start()
        self.count_vain()

    def end_sessions(self):
        """pg_terminate_backend of every session of a daemon."""
        self.count_vain()
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'metricx%%' AND datname = current_database()")

    def refuse_merges(self, sqlstate, times):
        """So many transactions of merges fail with this error, whoever makes them."""
        self.vain += times
        self.query(f"""
            CREATE SEQUENCE IF NOT EXISTS refusals;
            SELECT setval('refusals', 1, false);
            CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('refusals') <= {times} THEN
                    RAISE EXCEPTION 'refused by a test' USING ERRCODE = '{sqlstate}';
                END IF;
                RETURN NULL;
            END $$;
            DROP TRIGGER IF EXISTS refuse ON metric_facts;
            CREATE TRIGGER refuse AFTER INSERT ON metric_facts FOR EACH STATEMENT EXECUTE FUNCTION refuse()""")

    def refuse_commits(self, table, sqlstate, times):
        """So many transactions that change this table fail with this error when they commit. Once a table."""
        self.vain += times
        for statement in (
                f"CREATE SEQUENCE refused_{table}",
                f"""CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        IF nextval('refused_{table}') <= {times} THEN
                            RAISE EXCEPTION 'refused by a test' USING ERRCODE = '{sqlstate}';
                        END IF;
                        RETURN NULL;
                    END $$""",
                f"""CREATE CONSTRAINT TRIGGER refuse_commits AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION refuse_{table}()"""):
            self.query(statement)

    def were_refused(self, table, times):
        wait_for(f"refusals of {table}", lambda: self.query(f"SELECT 1 FROM refused_{table} WHERE last_value >= {times}"))

    # --- runs ---

    def connect(self, **more):
        return super().connect(**{"token": TOKEN, **more})

    def day(self, back):
        """Of the accounts, so many before today."""
        return str(self.query("SELECT (now() AT TIME ZONE timezone)::date - %s FROM connections", back)[0][0])

    def first_day(self):
        """Of a backfill."""
        return self.day(int(self.env.get("BACKFILL_DAYS", "90")))

    def begin(self, connection, *args):
        self.runs.append(self.metricx("sync", "--connection", connection, *args).splitlines()[0])
        return self.runs[-1]

    def goes_on(self):
        """A run of the only connection that has ended is followed by another one, days later; where access was lost, it is asked
        for."""
        connection, status = self.query("SELECT id, status FROM connections")[0]
        if status != "active":
            self.ask_again()
        elif not self.query("SELECT 1 FROM sync_runs WHERE status IN ('queued', 'running')"):
            self.forget_limits()
            self.begin(connection, "--force")
        return True

    def hold(self):
        self.metricx("hold", "--reason", "a test")

    def release(self):
        self.metricx("release")

    def status(self, run):
        return self.query("SELECT status FROM sync_runs WHERE id = %s", run)[0][0]

    def calls_so_far(self):
        return self.sandbox.calls(window=int(self.env["META_WINDOW_SECONDS"]))

    def await_calls(self, kind, n):
        wait_for(f"{n} calls for {kind}", lambda: self.calls_so_far()["counts"].get(kind, 0) >= n)

    def await_end(self, run, seconds=120):
        def ended():
            with contextlib.suppress(psycopg2.Error):
                return self.status(run) not in ("queued", "running")
            return False
        try:
            wait_for("the end of the run", ended, seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}; now {self.query('SELECT now()')[0][0]}, open: {self.open_chunks()}") from late
        return self.status(run)

    def await_rest(self, seconds):
        """The end of all runs, of those too that go on since the access is back."""
        def rest():
            with contextlib.suppress(psycopg2.Error):
                self.ask_again()
                return not self.query("SELECT 1 FROM sync_runs WHERE status IN ('queued', 'running') "
                                      "UNION ALL SELECT 1 FROM connections WHERE status <> 'active'")
            return False
        try:
            wait_for("the end of all runs", rest, seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}; now {self.query('SELECT now()')[0][0]}, open: {self.open_chunks()}") from late

    def open_chunks(self):
        return self.query("SELECT kind, totals, date_from, status, attempts, deliveries, retry_at, error_code, error FROM sync_chunks "
                          "WHERE status IN ('queued', 'running')")

    def stop(self):
        for member in self.members.values():
            for link in member.links.values():
                link.heal()
            if member.process.poll() is None:
                member.process.send_signal(signal.SIGCONT)
        with contextlib.ExitStack() as stack:  # all of them, also when one fails
            stack.callback(super().stop)
            for member in self.members.values():
                stack.callback(self.stop_member, member)

    @staticmethod
    def stop_member(member):
        try:
            member.stop()
        finally:
            if member.process.poll() is None:
                member.process.kill()
            for link in member.links.values():
                link.close()


