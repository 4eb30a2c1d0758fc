"""What is read goes by what is done. The statistics are those of a quiet hour: hardly any chunk is open or dead; then the worst
minute comes, and PostgreSQL believes that those are few."""
import pytest

from store_client import Account, account, database, fact, store  # noqa: F401 (fixtures)
from system import wait_for

D1, MANY, TIMES = "2026-10-01", 3000, 8  # times: after five of them PostgreSQL may plan for all parameters at once
CHUNKS = """INSERT INTO sync_chunks (run_id, connection_id, kind, date_from, date_to, ordinal, status, finished_at, error_code)
            SELECT id, connection_id, 'metrics', date '2026-10-01', date '2026-10-01', n, %s,
                   CASE WHEN %s IN ('done', 'dead') THEN now() END, CASE %s WHEN 'dead' THEN 'no_access' END
              FROM sync_runs, generate_series(1, %s) n"""


def make_many(database, other, status):
    database.execute("""INSERT INTO sync_runs (workspace_id, connection_id, kind, trigger, planned, status, reopened, finished_at)
                        SELECT workspace_id, id, 'metrics', 'manual', 'all', 'partial', true, now()
                          FROM connections, generate_series(1, %s) WHERE id = %s""", MANY, other.id)
    database.execute(CHUNKS, "done", "done", "done", 6)
    database.execute("ANALYZE")
    database.execute(CHUNKS, status, status, status, 1)


def opened(account, store):
    chunk = account.chunk(account.run(), day_to=D1)
    store.ok("open", chunk=chunk)
    return chunk


def dead(account, store, code):
    chunk = opened(account, store)
    store.ok("put_back", chunk=chunk, fate="dead", code=code, why="no")
    return chunk


def comes_back(account, store):
    chunk = opened(account, store)
    store.ok("put_back", chunk=chunk, fate="dead", code="no_access", connection_status="no_access", why="no")
    store.ok("access_back", connection=account.id)
    assert account.chunk_row(chunk, "status") == ("queued",)


def is_stored(account, store):
    lost, kept = opened(account, store), opened(account, store)
    store.ok("put_back", chunk=lost, fate="dead", code="bad_request", why="no")
    store.ok("merge", chunk=kept, rows=[fact("a1", D1)])
    assert account.chunk_row(kept, "status") == ("done",)


def is_retried(account, store):
    chunk = dead(account, store, "bad_request")
    store.ok("dead_retry", chunk=chunk)
    assert account.chunk_row(chunk, "status") == ("queued",)


def is_cancelled(account, store):
    run = account.run()
    chunk = account.chunk(run)
    store.ok("run_cancel", run=run)
    assert account.chunk_row(chunk, "status") == ("cancelled",)


CASES = {"comes back": ("dead", comes_back), "is stored": ("dead", is_stored), "is retried": ("dead", is_retried),
         "is cancelled": ("queued", is_cancelled)}


def read(database):
    """Entries of the indexes of open and dead chunks, rows of tables read through."""
    return database.query("""SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes
                                      WHERE indexrelname IN ('sync_chunks_open', 'sync_chunks_dead'))
                                  + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname IN ('sync_chunks', 'sync_runs'))""")[0][0]


@pytest.mark.parametrize("name", CASES)
def test_a_few_rows_of_many(database, store, name):
    status, happens = CASES[name]
    make_many(database, Account(database), status)
    before = wait_for("what making them read", lambda: read(database) >= 2 * MANY and read(database))
    for _ in range(TIMES):
        happens(Account(database), store)
    store.close()  # its session has told what it read
    wait_for("its statistics", lambda: database.query("SELECT 1 FROM pg_stat_user_indexes WHERE indexrelname = 'sync_chunks_pkey' "
                                                      "AND idx_scan >= %s", TIMES))
    assert read(database) - before < MANY
