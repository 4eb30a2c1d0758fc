#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#include "common/base/check.h"
#include "common/base/str.h"
#include "common/io/db.h"
#include "common/io/redis.h"
#include "common/store/budget.h"
#include "common/store/queue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* A loop, a Redis and a queue for one test, and answers to wait for. */
#define PREFIX "{test}"

struct store_case {
    struct loop *loop;
    struct redis *redis;
    struct db_pool *db;
    struct queue *queue;
    int closed;
};

/* What one call brought; reading it before it is there fails. */
struct answer {
    int calls, done, rc, count;
    int64_t number, other;
    bool yes;
    char text[512];
    struct queue_claimed jobs[QUEUE_CLAIM_MAX];
    enum beat_word words[QUEUE_CLAIM_MAX];
    bool missing[4096];
    struct err e;
};

static inline void got(struct answer *a, int rc, const struct err *e)
{
    a->calls++;
    a->rc = rc;
    if (rc != 0) {
        assert_non_null(e);
        assert_int_equal(e->rc, rc);
        (void)err_copy(&a->e, e);
    }
    a->done = 1;
}

/* The promise of every call: not inside it, once. */
static inline int awaited(struct store_case *c, struct answer *a)
{
    assert_int_equal(a->calls, 0);
    loop_run_until(c->loop, &a->done);
    loop_turn(c->loop);
    assert_int_equal(a->calls, 1);
    return a->rc;
}

static inline void on_plain(void *arg, int rc, const struct err *e)
{
    got(arg, rc, e);
}

static inline void on_reply(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct answer *a = arg;
    if (rc == 0) {
        a->number = redis_int(r);
        a->count = redis_count(r);
        (void)str_copy(a->text, sizeof a->text, redis_str(r));
    }
    got(a, rc, e);
}

/* One Redis command, "HGET key field" in words; its answer. */
static inline struct answer said(struct store_case *c, const char *command)
{
    struct answer a = {0};
    char words[256], *rest = words;
    const char *argv[8];
    int argc = 0;
    assert_true(str_copy(words, sizeof words, command));
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        argv[argc++] = word;
    redis_command(c->redis, argc, argv, NULL, 0, on_reply, &a);
    assert_int_equal(awaited(c, &a), 0);
    return a;
}

static inline void open_case_at(struct store_case *c, const char *redis_url)
{
    struct err e;
    *c = (struct store_case){.loop = loop_new()};
    assert_int_equal(redis_new(c->loop, redis_url, "store-test", &c->redis, &e), 0);
    assert_int_equal(db_pool_new(c->loop, getenv("DATABASE_URL"), 2, "store-test", &c->db, &e), 0);
    c->queue = queue_new(c->redis, PREFIX);
}

/* With an empty Redis whose data are believed at once, as if it had been empty for long. */
static inline void open_case(struct store_case *c)
{
    static const char *const begin =
        "redis.call('FLUSHALL'); local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)');"
        "redis.call('HSET', KEYS[1], 'server', server, 'since', 1)";
    const char *argv[] = {"EVAL", begin, "1", PREFIX ":life"};
    struct err e;
    open_case_at(c, getenv("REDIS_URL"));
    assert_int_equal(redis_command_wait(c->loop, c->redis, 4, argv, NULL, NULL, &e), 0);
}

static inline void on_closed(void *arg)
{
    struct store_case *c = arg;
    c->closed++;
}

static inline void close_case(struct store_case *c)
{
    queue_free(c->queue);
    redis_close(c->redis, on_closed, c);
    db_pool_close(c->db, on_closed, c);
    loop_run(c->loop);
    assert_int_equal(c->closed, 2);
    loop_free(c->loop);
}

static inline int seed(struct store_case *c, int64_t account_limit)
{
    struct budget_scope scopes[3];
    struct answer a = {0};
    budget_scope_app(&scopes[0], "meta", 0, 3600);
    budget_scope_account(&scopes[1], "meta", "act_1", account_limit, 3600);
    budget_scope_account(&scopes[2], "meta", "act_2", account_limit, 3600);
    budget_seed(c->redis, c->db, PREFIX, scopes, 3, on_plain, &a);
    return awaited(c, &a);
}
