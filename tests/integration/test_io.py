"""The owners of libpq and hiredis against real servers: cmocka programs that ask us to stop, pause and restart these."""
import socket
import subprocess

import pytest


@pytest.fixture
def drive(build, environment, postgres, redis_server, tmp_path):
    """drive("test_db"): runs a program of tests/integration/io and does what it asks for, "postgres restart" for one."""
    servers = {"postgres": postgres, "redis": redis_server}

    def run(name):
        ours, theirs = socket.socketpair()
        extra = {"DRIVER_FD": str(theirs.fileno()), "POSTGRES_SOCKETS": str(postgres.folder), "REDIS_SOCKET": redis_server.unix_url}
        output = tmp_path / "output"
        with output.open("w") as to:
            process = subprocess.Popen([build / "tests" / name], env=environment | extra, pass_fds=[theirs.fileno()],
                                       stdout=to, stderr=to)
        theirs.close()
        with ours, ours.makefile("rw") as lines:
            for line in lines:
                server, verb = line.split()
                getattr(servers[server], verb)()
                lines.write("done\n")
                lines.flush()
        process.wait(60)
        for server in servers.values():  # as it was, also after a failure
            if server.process is None:
                server.start()
        redis_server.resume()
        assert process.returncode == 0, output.read_text()

    return run


@pytest.mark.parametrize("name", ["test_db", "test_db_json", "test_db_faults", "test_redis", "test_redis_faults", "test_refusals"])
def test_program(drive, name):
    drive(name)
