#pragma once
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/db.h"
#include "common/io/loop.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
/* What the database tests share: a loop with one pool, and outcomes of step lists. */

struct outcome {
    int calls, done, rc, rows;
    bool unsure;
    char sqlstate[6];
    char text[256];   /* first cell of the last step */
    int64_t affected; /* by the last step */
    struct err e;
    int order; /* of all outcomes of this test */
};
static int outcomes;

static inline void on_outcome(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct outcome *o = arg;

    o->calls++;
    o->rc = rc;
    o->unsure = db_unsure(r);
    o->order = outcomes++;
    str_copy(o->sqlstate, sizeof o->sqlstate, db_sqlstate(r));
    if (rc != 0)
        err_copy(&o->e, e);
    o->done = 1;
}

/* For outcomes that keep the last step's result; `last` is its number. */
struct reading {
    struct outcome *o;
    int last;
};

struct bench {
    struct loop *loop;
    struct db_pool *pool;
};

static inline const char *database_url(void)
{
    const char *url = getenv("DATABASE_URL");
    assert_non_null(url);
    return url;
}

static inline struct db_pool *pool_open(struct loop *l, const char *url, int connections, const char *name)
{
    struct db_pool *p = NULL;
    assert_int_equal(db_pool_new(l, url ? url : database_url(), connections, name, &p, NULL), 0);
    return p;
}

static inline struct bench bench_open(const char *url, int connections)
{
    struct loop *l = loop_new();

    outcomes = 0;
    return (struct bench){l, pool_open(l, url, connections, "io test")};
}

static inline void on_pool_closed(void *arg)
{
    ++*(int *)arg;
}

static inline void pool_close(struct bench *b)
{
    int closed = 0;

    db_pool_close(b->pool, on_pool_closed, &closed);
    assert_int_equal(closed, 0);
    loop_run_until(b->loop, &closed);
    assert_int_equal(closed, 1);
}

static inline void bench_close(struct bench *b)
{
    pool_close(b);
    loop_run(b->loop);
    loop_free(b->loop);
    assert_int_equal(metric_get(M_DB_BUSY), 0);
    assert_int_equal(metric_get(M_DB_WAITING), 0);
}

/* Of the results of a waited-for list: what the last step gave. */
static inline void read_last(void *arg, const struct db_results *r)
{
    struct reading *reading = arg;

    reading->o->rows = db_rows(r, reading->last);
    reading->o->affected = db_affected(r, reading->last);
    if (reading->o->rows > 0)
        str_copy(reading->o->text, sizeof reading->o->text, db_text(r, reading->last, 0, 0));
}

static inline struct outcome run_steps(struct bench *b, enum db_mode mode, const struct db_step *steps, int count)
{
    struct outcome o = {0};
    struct reading reading = {&o, count - 1};

    o.rc = db_run_wait(b->loop, b->pool, mode, steps, count, read_last, &reading, &o.e);
    return o;
}

static inline struct outcome run_sql(struct bench *b, const char *sql)
{
    return run_steps(b, DB_PLAIN, &(struct db_step){.sql = sql}, 1);
}

static inline void must(struct bench *b, const char *sql)
{
    struct outcome o = run_steps(b, DB_PLAIN, &(struct db_step){.sql = sql, .script = true}, 1);
    if (o.rc != 0)
        fail_msg("%s: %s", sql, o.e.text);
}

static inline void assert_cell(struct bench *b, const char *sql, const char *expected)
{
    struct outcome o = run_sql(b, sql);
    if (o.rc != 0)
        fail_msg("%s: %s", sql, o.e.text);
    assert_string_equal(o.text, expected);
}

/* Before each test: nothing of the former one is left. */
static inline int empty_database(void **state)
{
    (void)state;
    struct bench b = bench_open(NULL, 1);
    must(&b, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    bench_close(&b);
    return 0;
}
#define TEST(name) cmocka_unit_test_setup(name, empty_database)
#define STEPS(...)                                                                                                     \
    (const struct db_step[]){__VA_ARGS__}, (int)(sizeof((const struct db_step[]){__VA_ARGS__}) / sizeof(struct db_step))
