"""What a sync would take, said before it is done: right within a fifth."""
import json

from test_numbers import started


def forecast(system, connection, *args):
    return json.loads(system.metricx("sync", "--connection", connection, "--forecast", "--json", *args))


def calls_of(system):
    return system.sandbox.calls()["total"]


def close(said, real):
    return abs(said - real) <= max(1, real / 5)


def test_calls_are_forecast_before_they_are_made(make_system):
    system, connection = started(make_system)
    done = system.metricx("sync", "--connection", connection, "--forecast", code=None)
    assert done.returncode == 0 and "at least this" in done.stderr
    system.sync(connection, "--entities")
    for args in ((), ("--force",), ("--metrics", "--from", "2026-10-20"), ("--entities",)):
        said, before = forecast(system, connection, *args), calls_of(system)
        assert set(said) == {"calls", "chunks", "seconds", "starts_at"}
        assert (calls_of(system), system.query("SELECT count(*) FROM sync_runs WHERE status IN ('queued', 'running')")[0][0]) == \
            (before, 0), "it does nothing"
        run = system.sync(connection, *args)
        assert close(said["calls"], calls_of(system) - before) and said["calls"] == run["calls"], (said, run)
        assert said["chunks"] == run["chunks_total"]
    refused = system.metricx("sync", "--connection", connection, "--forecast", "--from", "2001-01-01", code=None)
    assert refused.returncode != 0 and "2001-01-01" in refused.stderr and refused.stdout == ""


def test_time_is_forecast_from_the_budget_as_it_stands(make_system):
    """A small budget, so that it alone decides: 8 calls in 4 s."""
    system, connection = started(make_system, META_CALLS_PER_WINDOW=8, META_WINDOW_SECONDS=4, PAGE_LIMIT=400)
    system.sync(connection, "--entities")
    said = forecast(system, connection, "--metrics")
    run = system.sync(connection, "--metrics")
    (took,), = system.query("SELECT extract(epoch FROM finished_at - created_at)::float8 FROM sync_runs WHERE id = %s", run["id"])
    assert close(said["calls"], run["calls"])
    # A budget makes it no faster than this; a busy machine may make it slower.
    assert said["seconds"] > 4 and 0.8 * said["seconds"] <= took + 1 and took <= 1.2 * said["seconds"] + 20, (said, took)
