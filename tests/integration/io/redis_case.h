#pragma once
#include "common/base/str.h"
#include "common/io/redis.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* What the Redis tests share: a loop with one connection, and outcomes of commands. */

struct outcome {
    int calls, done, rc, order;
    char text[128];
    int64_t number;
    struct err e;
};
static int outcomes;

static inline void on_outcome(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    struct outcome *o = arg;

    o->calls++;
    o->rc = rc;
    o->order = outcomes++;
    if (rc == 0) {
        o->number = redis_int(reply);
        str_copy(o->text, sizeof o->text, redis_str(reply));
    } else {
        assert_null(reply);
        assert_int_equal(e->rc, rc);
        err_copy(&o->e, e);
    }
    o->done = 1;
}

struct bench {
    struct loop *loop;
    struct redis *redis;
    int connects, losses, changes;
};

static inline void on_state(void *arg, bool connected)
{
    struct bench *b = arg;
    b->connects += connected;
    b->losses += !connected;
    b->changes++;
}

static inline void open_at(struct bench *b, const char *url)
{
    struct err e;

    outcomes = 0;
    *b = (struct bench){.loop = loop_new()};
    if (redis_new(b->loop, url ? url : getenv("REDIS_URL"), "io-test", &b->redis, &e) != 0)
        fail_msg("%s", e.text);
    redis_on_state(b->redis, on_state, b);
}

static inline void await_state(struct bench *b, bool connected)
{
    while (redis_ready(b->redis) != connected) {
        b->changes = 0;
        loop_run_until(b->loop, &b->changes);
    }
}

static inline void open_ready(struct bench *b, const char *url)
{
    open_at(b, url);
    await_state(b, true);
}

static inline void on_closed(void *arg)
{
    ++*(int *)arg;
}

static inline void close_only(struct bench *b)
{
    int closed = 0;
    redis_close(b->redis, on_closed, &closed);
    assert_int_equal(closed, 0);
    loop_run_until(b->loop, &closed);
    assert_int_equal(closed, 1);
}

static inline void bench_close(struct bench *b)
{
    close_only(b);
    loop_run(b->loop);
    loop_free(b->loop);
}

#define WORDS(...)                                                                                                     \
    (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *const[])                               \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define SEND(b, timeout_ms, o, ...) send_words(b, timeout_ms, o, WORDS(__VA_ARGS__))
#define ASK(b, ...) ask(b, WORDS(__VA_ARGS__))

static inline void send_words(struct bench *b, int64_t timeout_ms, struct outcome *o, int argc, const char *const *argv)
{
    *o = (struct outcome){0};
    redis_command(b->redis, argc, argv, NULL, timeout_ms, on_outcome, o);
    assert_int_equal(o->calls, 0);
}

static inline struct outcome ask(struct bench *b, int argc, const char *const *argv)
{
    struct outcome o;
    send_words(b, 0, &o, argc, argv);
    loop_run_until(b->loop, &o.done);
    assert_int_equal(o.calls, 1);
    return o;
}

/* Before each test: nothing of the former one is left. */
static inline int empty_server(void **state)
{
    (void)state;
    struct bench b;
    open_ready(&b, NULL);
    assert_int_equal(ASK(&b, "FLUSHALL").rc, 0);
    bench_close(&b);
    return 0;
}
#define TEST(name) cmocka_unit_test_setup(name, empty_server)
