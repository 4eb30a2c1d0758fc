#include "common/io/copy_text.h"
#include "tests/integration/io/db_case.h"
#include "tests/integration/io/driver.h"
#include <stdio.h>

/* Broken connections, deadlines, cancelling, servers that go and come back. */

/* A second pool on the same loop that looks at what the first one does to the server. */
static struct bench watcher_open(struct bench *b)
{
    return (struct bench){b->loop, pool_open(b->loop, NULL, 1, "watcher")};
}

static void await(struct bench *watcher, const char *sql)
{
    for (int tries = 0; tries < 20000; tries++) {
        struct outcome o = run_sql(watcher, sql);
        assert_int_equal(o.rc, 0);
        if (strcmp(o.text, "t") == 0)
            return;
    }
    fail_msg("never true: %s", sql);
}

#define SLEEPS "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'io test' AND wait_event = 'PgSleep'"
#define IDLE "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'io test' AND state <> 'idle'"
#define KILL "SELECT bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'io test'"

static const struct db_step insert = {.sql = "INSERT INTO t VALUES (1)"}, sleep_long = {.sql = "SELECT pg_sleep(1000)"};

static void finish(struct bench *b, struct outcome *o, int rc)
{
    loop_run_until(b->loop, &o->done);
    assert_int_equal(o->calls, 1);
    if (o->rc != rc)
        fail_msg("rc %d instead of %d: %s", o->rc, rc, o->e.text);
}

static void test_killed_in_a_transaction(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1), watcher = watcher_open(&b);
    struct outcome o = {0};

    must(&b, "CREATE TABLE t (n int)");
    db_run(b.pool, DB_TX, STEPS(insert, sleep_long, insert), 0, on_outcome, &o);
    await(&watcher, SLEEPS);
    assert_cell(&watcher, KILL, "t");
    finish(&b, &o, ERR_DB_AWAY);
    assert_false(o.unsure); /* COMMIT was on its way, but the error came before it */
    assert_string_equal(o.sqlstate, "57P01");
    assert_cell(&b, "SELECT count(*) FROM t", "0");
    pool_close(&watcher);
    bench_close(&b);
}

static void test_killed_while_committing(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1), watcher = watcher_open(&b);

    must(
        &b,
        "CREATE TABLE t (n int);"
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(1000); RETURN NULL; END$$;"
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
        "slow()");
    for (int plain = 0; plain < 2; plain++) {
        struct outcome o = {0};
        db_run(b.pool, plain ? DB_PLAIN : DB_TX, &insert, 1, 0, on_outcome, &o);
        await(&watcher, SLEEPS);
        assert_cell(&watcher, KILL, "t");
        finish(&b, &o, ERR_DB_AWAY);
        assert_true(o.unsure);
    }
    assert_cell(&b, "SELECT count(*) FROM t", "0");
    pool_close(&watcher);
    bench_close(&b);
}

static void test_killed_while_idle(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 2), watcher = watcher_open(&b);

    for (int i = 0; i < 3; i++) {
        char made_anew[200];
        struct outcome o = run_sql(&b, "SELECT pg_backend_pid()");
        assert_int_equal(o.rc, 0);
        snprintf(made_anew, sizeof made_anew,
                 "SELECT count(*) = 1 AND min(pid) <> %.10s FROM pg_stat_activity WHERE application_name = 'io test'",
                 o.text);
        assert_cell(&watcher, KILL, "t");
        await(&watcher, made_anew);
    }
    pool_close(&watcher);
    bench_close(&b);
}

static void test_a_deadline_while_running(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1), watcher = watcher_open(&b);
    struct outcome o = {0}, queued = {0};

    must(&b, "CREATE TABLE t (n int)");
    db_run(b.pool, DB_TX, STEPS(insert, sleep_long), 100, on_outcome, &o);
    db_run(b.pool, DB_TX, &insert, 1, 0, on_outcome, &queued);
    finish(&b, &o, ERR_TIMEOUT);
    assert_false(o.unsure);
    finish(&b, &queued, 0);
    await(&watcher, IDLE); /* the statement was really ended */
    assert_cell(&b, "SELECT count(*) FROM t", "1");
    pool_close(&watcher);
    bench_close(&b);
}

static void test_a_deadline_while_waiting(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    struct outcome running = {0}, waiting = {0};

    struct db_op *op = db_run(b.pool, DB_PLAIN, &sleep_long, 1, 0, on_outcome, &running);
    assert_false(db_pool_ready(b.pool));
    db_run(b.pool, DB_PLAIN, &insert, 1, 1000, on_outcome, &waiting);
    finish(&b, &waiting, ERR_TIMEOUT);
    assert_true(db_pool_ready(b.pool));
    assert_non_null(strstr(waiting.e.text, "no database connection was free"));
    db_cancel(op);
    finish(&b, &running, ERR_CANCELED);
    bench_close(&b);
}

static void test_cancel_at_once_while_queued_and_while_running(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1), watcher = watcher_open(&b);
    struct outcome at_once = {0}, running = {0}, queued = {0}, after = {0};

    must(&b, "CREATE TABLE t (n int)");
    db_cancel(db_run(b.pool, DB_TX, &insert, 1, 0, on_outcome, &at_once));
    assert_int_equal(at_once.calls, 0);
    finish(&b, &at_once, ERR_CANCELED);

    struct db_op *first = db_run(b.pool, DB_TX, STEPS(insert, sleep_long), 0, on_outcome, &running);
    struct db_op *second = db_run(b.pool, DB_TX, &insert, 1, 0, on_outcome, &queued);
    db_run(b.pool, DB_TX, &insert, 1, 0, on_outcome, &after);
    await(&watcher, SLEEPS);
    db_cancel(second);
    finish(&b, &queued, ERR_CANCELED);
    assert_int_equal(running.calls, 0);
    db_cancel(first);
    db_cancel(first); /* once is enough, twice does no harm */
    finish(&b, &running, ERR_CANCELED);
    assert_false(running.unsure);
    finish(&b, &after, 0);
    assert_cell(&b, "SELECT count(*) FROM t", "1");
    await(&watcher, IDLE);
    pool_close(&watcher);
    bench_close(&b);
}

/* Whatever the moment: called once, and the rows are there only if it may have been committed. */
static void test_cancel_at_any_moment(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    struct buf rows;
    int canceled = 0;

    must(&b, "CREATE TABLE t (n int)");
    buf_init(&rows, 10000000);
    for (int i = 0; i < 100000; i++)
        buf_add_str(&rows, "1\n");
    const struct db_step copy = {.sql = "COPY t FROM STDIN", .copy = &rows};
    for (int turns = 0; turns < 60; turns++) {
        struct outcome o = {0};
        struct db_op *op = turns % 2 ? db_run(b.pool, DB_TX, STEPS(insert, copy, insert), 0, on_outcome, &o)
                                     : db_run(b.pool, DB_TX, STEPS(insert, insert), 0, on_outcome, &o);
        for (int i = 0; i < turns && !o.done; i++)
            loop_turn(b.loop);
        if (!o.done)
            db_cancel(op);
        loop_run_until(b.loop, &o.done);
        assert_int_equal(o.calls, 1);
        assert_true(o.rc == ERR_CANCELED || (o.rc == 0 && !o.unsure));
        canceled += o.rc == ERR_CANCELED;
        if (o.rc == ERR_CANCELED && !o.unsure)
            assert_cell(&b, "SELECT count(*) FROM t", "0");
        else if (o.rc == 0)
            assert_cell(&b, "SELECT count(*) >= 2 FROM t", "t");
        must(&b, "TRUNCATE t");
    }
    assert_true(canceled > 0);
    buf_free(&rows);
    bench_close(&b);
}

static void test_cancel_of_a_copy_that_waits_for_a_lock(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1), locker = watcher_open(&b), watcher = watcher_open(&b);
    struct outcome held = {0}, o = {0};
    struct buf rows;

    must(&b, "CREATE TABLE t (n int)");
    buf_init(&rows, 40000000);
    for (int i = 0; i < 3000000; i++)
        buf_add_str(&rows, "123456789\n");
    struct db_op *lock = db_run(locker.pool, DB_TX, STEPS({.sql = "LOCK TABLE t"}, sleep_long), 0, on_outcome, &held);
    await(&watcher, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    struct db_op *op = db_run(b.pool, DB_TX, STEPS({.sql = "COPY t FROM STDIN", .copy = &rows}), 0, on_outcome, &o);
    await(&watcher, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    db_cancel(op);
    finish(&b, &o, ERR_CANCELED);
    db_cancel(lock);
    finish(&b, &held, ERR_CANCELED);
    assert_cell(&b, "SELECT count(*) FROM t", "0");
    buf_free(&rows);
    pool_close(&locker);
    pool_close(&watcher);
    bench_close(&b);
}

static void test_cancel_when_it_had_ended(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1), watcher = watcher_open(&b);
    struct outcome o = {0};
    bool committed = false;

    must(&b, "CREATE TABLE t (n int)");
    for (int turns = 1; turns < 2000 && !committed; turns++) { /* until cancel comes between the end and done */
        o = (struct outcome){0};
        struct db_op *op = db_run(b.pool, DB_TX, &insert, 1, 0, on_outcome, &o);
        for (int i = 0; i < turns && !o.done; i++)
            loop_turn(b.loop);
        if (o.done)
            break;
        db_cancel(op);
        finish(&b, &o, ERR_CANCELED);
        struct outcome found = run_sql(&b, "SELECT count(*) > 0 FROM t");
        committed = strcmp(found.text, "t") == 0;
        assert_true(!committed || o.unsure);
    }
    pool_close(&watcher);
    bench_close(&b);
}

static void test_what_hangs_leaves_one_connection_to_others(void **state)
{
    (void)state;
    const struct db_step hangs = {.sql = "SELECT pg_advisory_xact_lock_shared(7)"}, others = {.sql = "SELECT 1"};
    struct bench b = bench_open(NULL, 2), holder = {b.loop, pool_open(b.loop, NULL, 1, "holder")};
    struct outcome hanging[3] = {{0}}, other = {0};

    db_pool_keep_one(b.pool);
    must(&holder, "SELECT pg_advisory_lock(7)");
    db_run(b.pool, DB_PLAIN, &hangs, 1, 0, on_outcome, &hanging[0]);
    must(&b, "SELECT pg_sleep(0.7)"); /* by then it is known to hang */
    for (int i = 1; i < 3; i++)
        db_run(b.pool, DB_PLAIN, &hangs, 1, 0, on_outcome, &hanging[i]);
    db_run(b.pool, DB_PLAIN, &others, 1, 0, on_outcome, &other);
    loop_run_until(b.loop, &other.done);
    assert_int_equal(other.rc, 0);
    assert_int_equal(hanging[0].done + hanging[1].done + hanging[2].done, 0);
    must(&holder, "SELECT pg_advisory_unlock(7)");
    for (int i = 0; i < 3; i++) {
        loop_run_until(b.loop, &hanging[i].done);
        assert_int_equal(hanging[i].rc, 0);
    }
    pool_close(&holder);
    bench_close(&b);
}

static void test_close_ends_everything_once(void **state)
{
    (void)state;
    for (int turns = 0; turns < 40; turns++) {
        struct bench b = bench_open(NULL, 2);
        struct outcome o[6] = {0}, late = {0};
        int closed = 0;
        for (int i = 0; i < 6; i++)
            db_run(b.pool, DB_TX, i % 2 ? &sleep_long : &insert, 1, 0, on_outcome, &o[i]);
        for (int i = 0; i < turns; i++)
            loop_turn(b.loop);
        db_pool_close(b.pool, on_pool_closed, &closed);
        db_run(b.pool, DB_TX, &insert, 1, 0, on_outcome, &late);
        loop_run_until(b.loop, &closed);
        for (int i = 0; i < 6; i++) {
            assert_int_equal(o[i].calls, 1);
            assert_true(o[i].rc == ERR_CANCELED || o[i].rc == ERR_DB); /* there is no table t */
        }
        assert_int_equal(late.calls, 1);
        assert_int_equal(late.rc, ERR_CANCELED);
        loop_free(b.loop);
    }
}

static void test_a_server_that_is_away_at_the_start(void **state)
{
    (void)state;
    drive("postgres stop");
    struct bench b = bench_open(NULL, 2);
    struct outcome o = {0}, later = {0};

    db_run(b.pool, DB_PLAIN, &sleep_long, 1, 300, on_outcome, &o);
    finish(&b, &o, ERR_DB_AWAY);
    assert_non_null(strstr(o.e.text, "Connection refused"));
    assert_false(db_pool_ready(b.pool));
    db_run(b.pool, DB_PLAIN, &(struct db_step){.sql = "SELECT 1"}, 1, 0, on_outcome, &later);
    loop_turn(b.loop);
    drive("postgres start");
    finish(&b, &later, 0);
    assert_true(db_pool_ready(b.pool));
    bench_close(&b);
}

static void test_a_server_that_restarts(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 2), watcher = watcher_open(&b);
    struct outcome o = {0};

    must(&b, "CREATE TABLE t (n int)");
    db_run(b.pool, DB_TX, STEPS(insert, sleep_long), 0, on_outcome, &o);
    await(&watcher, SLEEPS);
    drive("postgres crash");
    drive("postgres start");
    finish(&b, &o, ERR_DB_AWAY);
    await(&watcher, "SELECT true"); /* its idle connection was lost unnoticed until now */
    assert_cell(&b, "SELECT count(*) FROM t", "0");
    pool_close(&watcher);
    bench_close(&b);
}

static struct outcome try(const char *url)
{
    struct bench b = bench_open(url, 1);
    struct outcome o = {0};

    db_run(b.pool, DB_PLAIN, &(struct db_step){.sql = "SELECT 1"}, 1, 20000, on_outcome, &o);
    loop_run_until(b.loop, &o.done);
    assert_int_equal(o.calls, 1);
    bench_close(&b);
    return o;
}

static const char *url_with(const char *user, const char *host, const char *name)
{
    static char url[300];
    const char *port = strrchr(database_url(), ':') + 1;

    snprintf(url, sizeof url, "postgresql://%s@%s/%s?port=%.*s", user, host, name, (int)strcspn(port, "/"), port);
    return url;
}

static void test_refusals_do_not_wait(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    must(&b, "DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD 'right'");
    bench_close(&b);

    struct outcome o = try(url_with("locked:hunter2", "127.0.0.1", "postgres"));
    assert_int_equal(o.rc, ERR_DB_AWAY);
    assert_non_null(strstr(o.e.text, "password authentication failed"));
    assert_null(strstr(o.e.text, "hunter2"));
    assert_int_equal(try(url_with("locked:right", "127.0.0.1", "postgres")).rc, 0);
    o = try(url_with("postgres", "127.0.0.1", "nosuch"));
    assert_int_equal(o.rc, ERR_DB_AWAY);
    assert_non_null(strstr(o.e.text, "database \"nosuch\" does not exist"));
}

static void test_host_names(void **state)
{
    (void)state;
    struct bench b = bench_open(url_with("postgres", "nosuch.invalid", "postgres"), 1);
    struct outcome o = {0};

    db_run(b.pool, DB_PLAIN, &insert, 1, 500, on_outcome, &o);
    finish(&b, &o, ERR_DB_AWAY);
    bench_close(&b);
    assert_int_equal(try(url_with("postgres", "localhost", "postgres")).rc, 0);
    assert_int_equal(try(url_with("postgres", "nosuch.invalid,localhost", "postgres")).rc, 0);
}

static void test_a_malformed_url_is_refused_without_its_password(void **state)
{
    (void)state;
    static const char *const urls[] = {"postgresql://me:hunter2@host:port:x/?nosuch=1", "hunter2", "host='hunter2"};
    struct loop *l = loop_new();

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct db_pool *p = NULL;
        struct err e = {0};
        assert_int_equal(db_pool_new(l, urls[i], 1, "io test", &p, &e), ERR_SETTING);
        assert_null(strstr(e.text, "hunter2"));
    }
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_killed_in_a_transaction),
        TEST(test_killed_while_committing),
        TEST(test_killed_while_idle),
        TEST(test_a_deadline_while_running),
        TEST(test_a_deadline_while_waiting),
        TEST(test_cancel_at_once_while_queued_and_while_running),
        TEST(test_cancel_at_any_moment),
        TEST(test_cancel_of_a_copy_that_waits_for_a_lock),
        TEST(test_cancel_when_it_had_ended),
        TEST(test_what_hangs_leaves_one_connection_to_others),
        TEST(test_close_ends_everything_once),
        TEST(test_a_server_that_is_away_at_the_start),
        TEST(test_a_server_that_restarts),
        TEST(test_refusals_do_not_wait),
        TEST(test_host_names),
        TEST(test_a_malformed_url_is_refused_without_its_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
