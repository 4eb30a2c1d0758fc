#include "common/io/copy_text.h"
#include "tests/integration/io/db_case.h"
#include <stdio.h>

/* Statements, transactions, copies, prepared statements. What breaks from outside is in test_db_faults.c. */

static void read_types(void *arg, const struct db_results *r)
{
    (void)arg;
    assert_int_equal(db_rows(r, 0), 2);
    assert_int_equal(db_int(r, 0, 0, 0), -7);
    assert_true(db_bool(r, 0, 0, 1));
    assert_string_equal(db_text(r, 0, 0, 2), "it's \"text\" \xF0\x9F\x98\x80");
    assert_true(db_is_null(r, 0, 0, 3));
    assert_string_equal(db_text(r, 0, 0, 3), "");
    assert_int_equal(db_int(r, 0, 0, 3), 0);
    assert_false(db_bool(r, 0, 0, 3));
    assert_false(db_is_null(r, 0, 1, 0));
    assert_string_equal(db_sqlstate(r), "");
    assert_false(db_unsure(r));
}

static void test_parameters_and_results(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    const struct db_step step = DB_STEP("SELECT $1::int8, $2::bool, $3::text, $4::int UNION ALL SELECT 1, false, '', 1",
                                        "-7", "yes", "it's \"text\" \xF0\x9F\x98\x80", NULL);

    assert_int_equal(db_run_wait(b.loop, b.pool, DB_PLAIN, &step, 1, read_types, NULL, NULL), 0);
    bench_close(&b);
}

static void test_the_list_is_copied(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    struct outcome o = {0};
    char value[] = "1";
    const char *params[] = {value};
    struct db_step step = {.sql = "SELECT 1 / $1::int", .params = params, .count = 1};

    db_run(b.pool, DB_PLAIN, &step, 1, 0, on_outcome, &o);
    value[0] = '0'; /* would be a division by zero */
    params[0] = NULL;
    memset(&step, 0, sizeof step);
    assert_int_equal(o.calls, 0);
    loop_run_until(b.loop, &o.done);
    assert_int_equal(o.rc, 0);
    bench_close(&b);
}

static void test_session_settings(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);

    assert_cell(&b, "SHOW timezone", "UTC");
    assert_cell(&b, "SHOW application_name", "io test");
    assert_cell(&b, "SHOW client_min_messages", "warning");
    assert_cell(&b, "SHOW client_encoding", "UTF8");
    assert_cell(&b, "SHOW idle_in_transaction_session_timeout", "1min");
    assert_cell(&b, "SHOW statement_timeout", "0");
    assert_cell(&b, "SHOW default_transaction_isolation", "read committed");
    bench_close(&b);
}

static void test_a_socket_folder_as_host(void **state)
{
    (void)state;
    char url[300];
    const char *port = strrchr(database_url(), ':') + 1;

    snprintf(url, sizeof url, "host=%s port=%.*s user=postgres dbname=postgres", getenv("POSTGRES_SOCKETS"),
             (int)strcspn(port, "/"), port);
    struct bench b = bench_open(url, 1);
    assert_cell(&b, "SELECT inet_client_addr() IS NULL", "t");
    bench_close(&b);
}

static void test_a_transaction_is_all_or_nothing(void **state)
{
    (void)state;
    static const struct db_step good = {.sql = "INSERT INTO t SELECT 1"}, bad = {.sql = "INSERT INTO t SELECT 1/0"},
                                unparsable = {.sql = "INSRT"};
    struct bench b = bench_open(NULL, 1);
    struct outcome o;

    must(&b, "CREATE TABLE t (n int)");
    o = run_steps(&b, DB_TX, STEPS(good, good, {.sql = "UPDATE t SET n = 2"}));
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.affected, 2);
    for (int at = 0; at < 3; at++) {
        for (int kind = 0; kind < 2; kind++) {
            struct db_step steps[3] = {good, good, good};
            steps[at] = kind == 0 ? bad : unparsable;
            o = run_steps(&b, DB_TX, steps, 3);
            assert_int_equal(o.rc, ERR_DB);
            assert_non_null(strstr(o.e.text, kind == 0 ? "division by zero (SQLSTATE 22012)" : "syntax error"));
            assert_cell(&b, "SELECT count(*) FROM t", "2");
        }
    }
    bench_close(&b);
}

static void test_plain_steps_stand_alone_and_stop_at_the_first_failure(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);

    must(&b, "CREATE TABLE t (n int)");
    struct outcome o = run_steps(
        &b, DB_PLAIN,
        STEPS({.sql = "INSERT INTO t VALUES (1)"}, {.sql = "SELECT 1/0"}, {.sql = "INSERT INTO t VALUES (2)"}));
    assert_int_equal(o.rc, ERR_DB);
    assert_cell(&b, "SELECT string_agg(n::text, ',') FROM t", "1");
    assert_int_equal(run_sql(&b, "VACUUM t").rc, 0); /* refuses to run inside of a transaction */
    bench_close(&b);
}

static void test_a_failure_of_the_commit_itself(void **state)
{
    (void)state;
    static const struct db_step orphan = {.sql = "INSERT INTO child VALUES (1)"};
    struct bench b = bench_open(NULL, 1);

    must(&b, "CREATE TABLE parent (n int PRIMARY KEY);"
             "CREATE TABLE child (n int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
    for (int again = 0; again < 3; again++) { /* also when prepared */
        struct outcome o = run_steps(&b, DB_TX, &orphan, 1);
        assert_int_equal(o.rc, ERR_DB);
        assert_non_null(strstr(o.e.text, "23503"));
        o = run_steps(&b, DB_PLAIN, &orphan, 1);
        assert_int_equal(o.rc, ERR_DB);
        assert_non_null(strstr(o.e.text, "23503"));
        assert_cell(&b, "SELECT count(*) FROM child", "0");
    }
    bench_close(&b);
}

static void test_sqlstates_become_codes(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        int rc;
    } table[] = {
        {"MX001", ERR_FENCED},  {"40001", ERR_CONFLICT}, {"40P01", ERR_CONFLICT}, {"08006", ERR_DB_AWAY},
        {"57P03", ERR_DB_AWAY}, {"57014", ERR_TIMEOUT},  {"23505", ERR_DB},       {"MX002", ERR_DB},
    };
    struct bench b = bench_open(NULL, 1);

    must(&b, "CREATE FUNCTION fail(state text, secret text) RETURNS void LANGUAGE plpgsql AS "
             "$$BEGIN RAISE EXCEPTION 'short' USING ERRCODE = state, DETAIL = 'longer'; END$$");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct outcome o = {0};
        const struct db_step step = DB_STEP("SELECT fail($1, $2)", table[i].sqlstate, "hunter2");
        db_run(b.pool, DB_TX, &step, 1, 0, on_outcome, &o);
        loop_run_until(b.loop, &o.done);
        assert_int_equal(o.rc, table[i].rc);
        assert_string_equal(o.sqlstate, table[i].sqlstate);
        assert_non_null(strstr(o.e.text, "short; longer (SQLSTATE "));
        assert_null(strstr(o.e.text, "hunter2"));
        assert_false(o.unsure);
    }
    bench_close(&b);
}

static void test_copied_text_comes_back_as_it_was(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "\\",
        "\\N",
        "\\.",
        "\t",
        "\n",
        "\r\n",
        "a\tb\nc\\d\re",
        "'quoted' \"twice\"",
        "{\"json\": [1, null]}",
        "\xF0\x9F\x98\x80 \xC3\xA9",
        "\b\f\v",
        NULL,
    };
    struct bench b = bench_open(NULL, 1);
    struct buf rows;

    must(&b, "CREATE TABLE t (v text, n int, again text)");
    buf_init(&rows, 10000);
    for (int i = 0; i == 0 || values[i - 1]; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        copy_field(&rows, values[i]);
        copy_field(&rows, number);
        copy_field(&rows, values[i]);
        copy_end_row(&rows);
    }
    struct outcome o = run_steps(&b, DB_TX,
                                 STEPS({.sql = "INSERT INTO t VALUES ('before', -1)"},
                                       {.sql = "COPY t (v, n, again) FROM STDIN", .copy = &rows},
                                       {.sql = "DELETE FROM t WHERE n = -1"}));
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.affected, 1);
    for (int i = 0; values[i]; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        const struct db_step same = DB_STEP("SELECT v = $1 AND again = $1 FROM t WHERE n = $2::int", values[i], number);
        o = run_steps(&b, DB_PLAIN, &same, 1);
        assert_string_equal(o.text, "t");
    }
    assert_cell(&b, "SELECT count(*) FROM t WHERE v IS NULL AND again IS NULL", "1");
    buf_free(&rows);
    bench_close(&b);
}

static void test_copies_of_every_size(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1, 65536, 30000000};
    struct bench b = bench_open(NULL, 1);

    must(&b, "CREATE TABLE t (v text)");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf rows;
        int64_t count = 0;
        char expected[32];
        buf_init(&rows, 40000000);
        for (; rows.len < (size_t)sizes[i]; count++) {
            copy_field(&rows, "a row that is neither short nor long, and goes on for a while: 0123456789");
            copy_end_row(&rows);
        }
        struct outcome o = run_steps(&b, i % 2 ? DB_TX : DB_PLAIN, STEPS({.sql = "COPY t FROM STDIN", .copy = &rows}));
        assert_int_equal(o.rc, 0);
        assert_int_equal(o.affected, count);
        snprintf(expected, sizeof expected, "%lld", (long long)count);
        assert_cell(&b, "SELECT count(*) FROM t", expected);
        must(&b, "TRUNCATE t");
        buf_free(&rows);
    }
    bench_close(&b);
}

static void test_a_bad_row_undoes_the_transaction(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    struct buf rows;

    must(&b, "CREATE TABLE t (n int)");
    buf_init(&rows, 1000);
    buf_add_str(&rows, "1\n2\nx\n");
    struct outcome o = run_steps(&b, DB_TX,
                                 STEPS({.sql = "INSERT INTO t VALUES (0)"}, {.sql = "COPY t FROM STDIN", .copy = &rows},
                                       {.sql = "INSERT INTO t VALUES (3)"}));
    assert_int_equal(o.rc, ERR_DB);
    assert_non_null(strstr(o.e.text, "22P02"));
    assert_cell(&b, "SELECT count(*) FROM t", "0");
    buf_free(&rows);
    bench_close(&b);
}

static void test_a_copy_without_rows_is_our_bug_and_no_hang(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);

    must(&b, "CREATE TABLE t (n int)");
    assert_int_not_equal(run_steps(&b, DB_TX, STEPS({.sql = "COPY t FROM STDIN"})).rc, 0);
    assert_int_not_equal(run_steps(&b, DB_PLAIN, STEPS({.sql = "COPY t TO STDOUT", .script = true})).rc, 0);
    assert_cell(&b, "SELECT count(*) FROM t", "0");
    bench_close(&b);
}

static void test_scripts_hold_many_statements(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    struct outcome o =
        run_steps(&b, DB_TX,
                  STEPS({.sql = "CREATE TABLE t (n int); INSERT INTO t VALUES (1); SELECT 'x;y'", .script = true},
                        DB_STEP("INSERT INTO t VALUES ($1::int)", "2"), {.sql = "-- nothing", .script = true},
                        {.sql = "SELECT sum(n) FROM t"}));
    assert_int_equal(o.rc, 0);
    assert_string_equal(o.text, "3");
    o = run_steps(&b, DB_TX, STEPS({.sql = "CREATE TABLE u (n int); SELECT 1/0; SELECT 1", .script = true}));
    assert_int_equal(o.rc, ERR_DB);
    assert_cell(&b, "SELECT to_regclass('u') IS NULL", "t");
    bench_close(&b);
}

static void test_statements_are_prepared_once(void **state)
{
    (void)state;
    static const struct db_step step = {
        .sql = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%once%'"};
    struct bench b = bench_open(NULL, 1);

    for (int i = 0; i < 10; i++) {
        assert_string_equal(run_steps(&b, DB_TX, &step, 1).text, "1");
        assert_string_equal(run_steps(&b, DB_TX, STEPS(step, step)).text, "1");
    }
    bench_close(&b);
}

static void test_steps_planned_afresh_are_not_prepared(void **state)
{
    (void)state;
    static const char *const one = "1";
    const struct db_step step = {
        .sql = "SELECT count(*) + $1::int FROM pg_prepared_statements WHERE statement LIKE '%afresh%'",
        .params = &one,
        .count = 1,
        .afresh = true};
    struct bench b = bench_open(NULL, 1);

    for (int i = 0; i < 3; i++)
        assert_string_equal(run_steps(&b, DB_TX, STEPS(step, step)).text, "1");
    bench_close(&b);
}

static void test_other_text_at_the_same_address(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    char sql[32];

    for (int i = 0; i < 600; i++) { /* more than are kept */
        char expected[16];
        snprintf(sql, sizeof sql, "SELECT %d", i % 7);
        snprintf(expected, sizeof expected, "%d", i % 7);
        assert_cell(&b, sql, expected);
    }
    bench_close(&b);
}

static void test_more_statements_than_are_kept(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    char sql[600][16];

    for (int again = 0; again < 2; again++) {
        for (int i = 0; i < 600; i++) {
            snprintf(sql[i], sizeof sql[i], "SELECT %d", i);
            assert_cell(&b, sql[i], sql[i] + strlen("SELECT "));
        }
    }
    bench_close(&b);
}

static void read_both(void *arg, const struct db_results *r)
{
    (void)arg;
    assert_int_equal(db_int(r, 0, 0, 0), 1);
    assert_int_equal(db_int(r, 1, 0, 0), 2);
}

static void test_a_forgotten_statement_behind_others(void **state)
{
    (void)state;
    static const struct db_step two = {.sql = "SELECT 2"};
    struct bench b = bench_open(NULL, 1);
    int rc;

    assert_int_equal(run_steps(&b, DB_PLAIN, &two, 1).rc, 0);
    must(&b, "DEALLOCATE ALL");
    rc = db_run_wait(b.loop, b.pool, DB_PLAIN, STEPS({.sql = "SELECT 1"}, two), read_both, NULL, NULL);
    assert_int_equal(rc, 0);
    bench_close(&b);
}

static void test_statements_that_the_server_forgot(void **state)
{
    (void)state;
    static const struct db_step insert = {.sql = "INSERT INTO t VALUES (1)"}, all = {.sql = "SELECT * FROM t"};
    struct bench b = bench_open(NULL, 1);

    must(&b, "CREATE TABLE t (n int)");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run_steps(&b, DB_TX, STEPS(insert, all)).rows, 3 * i + 1);
        must(&b, "DEALLOCATE ALL"); /* 26000 */
        assert_int_equal(run_steps(&b, DB_TX, STEPS(insert, all)).rows, 3 * i + 2);
        must(&b, i == 1 ? "ALTER TABLE t DROP COLUMN extra0" : i == 0 ? "ALTER TABLE t ADD extra0 int" : "SELECT 1");
        assert_int_equal(run_steps(&b, DB_TX, STEPS(insert, all)).rows, 3 * i + 3); /* 0A000: another result type */
        must(&b, "DEALLOCATE ALL");
        assert_int_equal(run_steps(&b, DB_PLAIN, &all, 1).rows, 3 * i + 3);
    }
    bench_close(&b);
}

static void test_a_long_pipeline_with_long_parameters(void **state)
{
    (void)state;
    enum { STEPS_COUNT = 500, BYTES = 100000 };
    struct bench b = bench_open(NULL, 1);
    struct db_step *steps = calloc(STEPS_COUNT, sizeof *steps);
    char *value = malloc(BYTES + 1);

    assert_true(steps && value);
    memset(value, 'v', BYTES);
    value[BYTES] = '\0';
    const char *params[] = {value};
    for (int i = 0; i < STEPS_COUNT; i++)
        steps[i] = (struct db_step){.sql = "SELECT $1::text", .params = params, .count = 1}; /* 50 MB each way */
    struct outcome o = run_steps(&b, DB_TX, steps, STEPS_COUNT);
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.rows, 1);
    free(steps);
    free(value);
    bench_close(&b);
}

static void test_one_connection_serves_in_order(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    struct outcome o[200] = {0};

    must(&b, "CREATE TABLE t (id serial, n text)");
    for (int i = 0; i < 200; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        db_run(b.pool, DB_TX, &DB_STEP("INSERT INTO t (n) VALUES ($1)", number), 1, 0, on_outcome, &o[i]);
    }
    assert_int_equal(metric_get(M_DB_WAITING), 200);
    loop_run_until(b.loop, &o[199].done);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(o[i].calls, 1);
        assert_int_equal(o[i].rc, 0);
        assert_int_equal(o[i].order, i);
    }
    assert_cell(&b, "SELECT count(*) FROM t WHERE id <> n::int + 1", "0");
    assert_cell(&b, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'io test'", "1");
    bench_close(&b);
}

static void test_more_connections_open_when_they_are_needed(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 3);
    struct outcome o[5] = {0};

    assert_cell(&b, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'io test'", "1");
    for (int i = 0; i < 5; i++)
        db_run(b.pool, DB_PLAIN, &(struct db_step){.sql = "SELECT pg_sleep(0.05)"}, 1, 0, on_outcome, &o[i]);
    for (int i = 0; i < 5; i++)
        loop_run_until(b.loop, &o[i].done);
    assert_cell(&b, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'io test'", "3");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_parameters_and_results),
        TEST(test_the_list_is_copied),
        TEST(test_session_settings),
        TEST(test_a_socket_folder_as_host),
        TEST(test_a_transaction_is_all_or_nothing),
        TEST(test_plain_steps_stand_alone_and_stop_at_the_first_failure),
        TEST(test_a_failure_of_the_commit_itself),
        TEST(test_sqlstates_become_codes),
        TEST(test_copied_text_comes_back_as_it_was),
        TEST(test_copies_of_every_size),
        TEST(test_a_bad_row_undoes_the_transaction),
        TEST(test_a_copy_without_rows_is_our_bug_and_no_hang),
        TEST(test_scripts_hold_many_statements),
        TEST(test_statements_are_prepared_once),
        TEST(test_steps_planned_afresh_are_not_prepared),
        TEST(test_other_text_at_the_same_address),
        TEST(test_more_statements_than_are_kept),
        TEST(test_a_forgotten_statement_behind_others),
        TEST(test_statements_that_the_server_forgot),
        TEST(test_a_long_pipeline_with_long_parameters),
        TEST(test_one_connection_serves_in_order),
        TEST(test_more_connections_open_when_they_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
