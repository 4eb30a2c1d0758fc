"""metricx migrate: applied once and in order, by whoever comes first; never into somebody else's schema."""
import concurrent.futures
import hashlib
import pathlib

import psycopg2
import pytest

MIGRATIONS = sorted((pathlib.Path(__file__).resolve().parents[2] / "migrations").glob("[0-9]*.sql"))
NAMES = [path.name for path in MIGRATIONS]


def tables(database, schema="public"):
    return {row[0] for row in database.query("SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace "
                                             "AND relkind IN ('r', 'p')", schema)}


def test_applies_records_and_is_safe_to_repeat(database, program):
    assert all("pending" in line for line in program("metricx", "migrate", "--status").stdout.splitlines())
    assert tables(database) == set()
    applied = program("metricx", "migrate").stdout.splitlines()
    assert [line for line in applied if line.startswith("applied")] == [f"applied {name}" for name in NAMES]
    assert program("metricx", "migrate").stdout == ""
    rows = database.query("SELECT version, name, checksum, oldest_program, tables FROM schema_migrations ORDER BY 1")
    for number, (path, row) in enumerate(zip(MIGRATIONS, rows, strict=True), 1):
        text = path.read_bytes()
        oldest = text.split(b"\n")[0].removeprefix(b"-- oldest-program: ").decode()
        assert row[:4] == (number, path.name, hashlib.sha256(text).hexdigest(), oldest)
    assert {t for row in rows for t in row[4]} | {"schema_migrations"} == tables(database)
    assert "pending" not in program("metricx", "migrate", "--status").stdout


def test_many_at_once(database, program):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: program("metricx", "migrate").stdout, range(8)))
    assert sorted(line for out in done for line in out.splitlines() if line.startswith("applied")) == \
        [f"applied {name}" for name in NAMES]
    assert database.query("SELECT count(*) FROM schema_migrations") == [(len(NAMES),)]


@pytest.mark.parametrize("ours_first", [False, True])
def test_foreign_tables_are_refused_by_name(database, program, ours_first):
    if ours_first:
        program("metricx", "migrate")
    for i in range(7):
        database.execute(f"CREATE TABLE stranger_{i} (a int)")
    before = tables(database)
    error = program("metricx", "migrate", code=1).stderr
    assert all(f"stranger_{i}" in error for i in range(5)) and "2 more" in error and "stranger_6" not in error
    assert tables(database) == before


def test_somebody_elses_schema_migrations_is_foreign(database, program):
    database.execute("CREATE TABLE schema_migrations (version varchar PRIMARY KEY)")
    assert "schema_migrations" in program("metricx", "migrate", code=1).stderr
    assert "metricx migrate" in program("metricx", "workspace", "list", code=1).stderr


def test_beside_others_in_a_schema_of_its_own(database, program):
    database.execute("CREATE TABLE stranger (a int)")
    database.execute("CREATE SCHEMA mx")
    url = database.url + "?options=-csearch_path%3Dmx"
    assert f"applied {NAMES[0]}" in program("metricx", "migrate", DATABASE_URL=url).stdout
    assert tables(database) == {"stranger"} and "metric_facts" in tables(database, "mx")
    program("metricx", "workspace", "create", "w", DATABASE_URL=url)
    assert database.query("SELECT name FROM mx.workspaces") == [("w",)]
    nowhere = database.url + "?options=-csearch_path%3Dnowhere"
    assert "no schema" in program("metricx", "migrate", code=1, DATABASE_URL=nowhere).stderr


def test_changed_text_and_gaps_are_refused(database, program):
    program("metricx", "migrate")
    database.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
    assert "another text" in program("metricx", "migrate", code=1).stderr
    database.execute("UPDATE schema_migrations SET version = 99 WHERE version = 1")
    assert "migration 1 is missing" in program("metricx", "migrate", code=1).stderr


def test_a_failing_migration_leaves_nothing(database, program):
    database.execute("CREATE FUNCTION chunk_fence(a uuid, b bigint, c int) RETURNS void LANGUAGE sql AS ''")
    error = program("metricx", "migrate", code=1).stderr
    assert "migration 0001_init.sql" in error and "chunk_fence" in error
    assert tables(database) == {"schema_migrations"}
    assert database.query("SELECT count(*) FROM schema_migrations") == [(0,)]
    database.execute("DROP FUNCTION chunk_fence(uuid, bigint, int)")
    assert f"applied {NAMES[0]}" in program("metricx", "migrate").stdout


def test_a_program_refuses_only_a_database_that_refuses_it(database, program):
    assert "run `metricx migrate`" in program("metricx", "workspace", "list", code=1).stderr
    program("metricx", "migrate")
    insert = "INSERT INTO schema_migrations (version, name, checksum, oldest_program) VALUES (%s, '9999_later.sql', 'x', %s)"
    database.execute(insert, len(NAMES) + 1, "0.0.9")
    program("metricx", "workspace", "list")
    program("metricx", "migrate")
    database.execute("UPDATE schema_migrations SET oldest_program = '999.10.0' WHERE name = '9999_later.sql'")
    for command in (("workspace", "list"), ("migrate",)):
        error = program("metricx", *command, code=1).stderr
        assert "9999_later.sql" in error and "999.10.0" in error


def granted(database, role):
    return {row[0] for row in database.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') "
        "AND has_table_privilege(%s, oid, 'SELECT')", role)}


def test_roles(database, program):
    program("metricx", "migrate")
    everything = tables(database) | {"ads_insights"}
    assert granted(database, "metricx_reader") == everything - {"tokens"}
    walled = {row[0] for row in database.query("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    assert granted(database, "metricx_api") - {"schema_migrations", "ads_insights"} == walled - {"tokens"}
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        database.execute("SET ROLE metricx_api; SELECT access_token_enc FROM tokens")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        database.execute("SET ROLE metricx_reader; SELECT access_token_enc FROM tokens")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        database.execute("SET ROLE metricx_reader; DELETE FROM metric_facts")


def test_roles_that_it_may_not_make_are_printed(postgres, database, program):
    roles = "metricx_reader", "metricx_api"
    database.execute("CREATE ROLE plain LOGIN")
    database.execute("ALTER DATABASE \"" + database.name + "\" OWNER TO plain")
    try:
        url = database.url.replace("postgres@", "plain@")
        for role in roles:  # of an earlier test, where nothing is granted yet
            if database.query("SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                database.execute(f"ALTER ROLE {role} RENAME TO {role}_hidden")
        out = program("metricx", "migrate", DATABASE_URL=url).stdout
        assert all(f"CREATE ROLE {role} NOLOGIN" in out for role in roles), out
        for role in roles:
            database.execute(f"CREATE ROLE {role} NOLOGIN")
        assert program("metricx", "migrate", DATABASE_URL=url).stdout == ""
        assert "metric_facts" in granted(database, "metricx_reader")
        assert "tokens" not in granted(database, "metricx_reader")
    finally:
        database.execute("DROP OWNED BY plain CASCADE")
        for role in roles:
            database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
            if database.query("SELECT 1 FROM pg_roles WHERE rolname = %s", f"{role}_hidden"):
                database.execute(f"ALTER ROLE {role}_hidden RENAME TO {role}")
        database.execute(f'ALTER DATABASE "{database.name}" OWNER TO postgres')
        database.execute("DROP ROLE plain")
