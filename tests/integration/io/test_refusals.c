#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/io/db.h"
#include "common/io/http_client.h"
#include "common/io/http_server.h"
#include "common/io/redis.h"
#include "tests/integration/io/failing_calls.h"
#include "tests/memory/refuse.h"
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
/* The owners of libpq, hiredis, curl and microhttpd, with their system calls and their requests for memory refused one
 * by one. Each operation ends once, with its result or an error of its own; then the same client works again, and
 * nothing is left. */

enum { TRIES_MAX = 1000, PAUSE_MS = 2, NTH_MAX = 3000, LINES = 3000 };

static int points; /* refusals, in all */

struct outcome {
    int calls, done, rc;
    struct err e;
    bool right; /* the result is what it must be */
};

static void ended(struct outcome *o, int rc, const struct err *e, bool right)
{
    o->calls++;
    o->done = 1;
    o->rc = rc;
    o->right = right;
    if (rc != 0)
        (void)err_copy(&o->e, e);
}

static void on_flag(void *arg)
{
    *(int *)arg = 1;
}

/* ---- what is tried: something is opened, asked, and closed ---- */

struct subject {
    const char *name;
    void (*prepare)(struct loop *l); /* before anything is refused */
    void (*open)(struct loop *l);
    void (*ask)(struct loop *l, struct outcome *o); /* one operation */
    void (*close)(struct loop *l);
    bool (*may_end_so)(int rc); /* when something was refused */
    int dense;                  /* so many points are tried one by one, then ever fewer */
};

static struct redis *redis;

static void redis_begin(struct loop *l)
{
    assert_int_equal(redis_new(l, getenv("REDIS_URL"), "refusals", &redis, NULL), 0);
}

static void on_redis(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    ended(arg, rc, e, rc == 0 && redis_str_len(r) == (size_t)LINES * 10);
}

static void redis_ask(struct loop *l, struct outcome *o)
{
    static const char script[] = "return string.rep('0123456789', 3000)";
    const char *argv[] = {"EVAL", script, "0"};

    (void)l;
    redis_command(redis, 3, argv, NULL, 0, on_redis, o);
}

static void redis_end(struct loop *l)
{
    int closed = 0;
    redis_close(redis, on_flag, &closed);
    loop_run_until(l, &closed);
}

static bool redis_ends(int rc)
{
    return rc == ERR_REDIS_AWAY;
}

static struct db_pool *pool;

static void db_begin(struct loop *l)
{
    int rc = db_pool_new(l, getenv("DATABASE_URL"), 1, "refusals", &pool, NULL);
    if (rc == ERR_NO_MEMORY)
        rc = db_pool_new(l, getenv("DATABASE_URL"), 1, "refusals", &pool, NULL);
    assert_int_equal(rc, 0);
}

static void on_db(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    ended(arg, rc, e, rc == 0 && db_rows(r, 0) == LINES && db_int(r, 0, LINES - 1, 0) == LINES);
}

static void db_ask(struct loop *l, struct outcome *o)
{
    static const struct db_step steps[] = {{.sql = "SELECT i FROM generate_series(1, 3000) i"}, {.sql = "SELECT 1"}};

    (void)l;
    db_run(pool, DB_TX, steps, 2, 5000, on_db, o);
}

static void db_end(struct loop *l)
{
    int closed = 0;
    db_pool_close(pool, on_flag, &closed);
    loop_run_until(l, &closed);
}

static bool db_ends(int rc)
{
    return rc == ERR_DB_AWAY || rc == ERR_DB || rc == ERR_TIMEOUT;
}

static struct http_client *client;
static struct http_server *server;
static char url[64];

static void handle(void *arg, struct http_exchange *x)
{
    static char body[LINES * 10];
    (void)arg;
    memset(body, 'x', sizeof body);
    http_reply(x, 200, "text/plain", body, sizeof body);
}

static void http_prepare(struct loop *l)
{
    static const struct http_server_options at = {
        .host = "127.0.0.1", .ports_to_try = 1, .body_bytes_max = 1000, .connections_max = 10, .idle_seconds = 60};

    assert_int_equal(http_server_new(l, &at, handle, NULL, &server, NULL), 0);
    (void)snprintf(url, sizeof url, "http://localhost:%d/", http_server_port(server));
}

static void http_begin(struct loop *l)
{
    static const struct http_client_options options = {.connect_timeout_ms = 3000,
                                                       .timeout_ms = 3000,
                                                       .stall_seconds = 60,
                                                       .body_bytes_max = 1 << 20,
                                                       .bodies_max = 2,
                                                       .connections_max = 2};

    client = http_client_new(l, &options);
}

static void on_http(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e)
{
    ended(arg, rc, e, rc == 0 && sent && a->status == 200 && a->body.len == (size_t)LINES * 10);
    if (rc == 0)
        http_body_released(client);
}

static void http_ask(struct loop *l, struct outcome *o)
{
    (void)l;
    (void)http_send(client, &(struct http_request){.method = "GET", .url = url}, on_http, o);
}

static void http_end(struct loop *l)
{
    int client_closed = 0, server_closed = 0;
    http_client_close(client, on_flag, &client_closed);
    loop_run_until(l, &client_closed);
    http_server_close(server, 1000, on_flag, &server_closed);
    loop_run_until(l, &server_closed);
}

static bool http_ends(int rc)
{
    return rc == ERR_NETWORK || rc == ERR_TIMEOUT || rc == ERR_LIMIT || rc == ERR_NO_MEMORY;
}

static const struct subject redis_subject = {"redis", NULL, redis_begin, redis_ask, redis_end, redis_ends, 1000},
                            db_subject = {"db", NULL, db_begin, db_ask, db_end, db_ends, 5},
                            http_subject = {"http", http_prepare, http_begin, http_ask, http_end, http_ends, 1000};

/* ---- the rounds ---- */

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

static struct outcome ask(const struct subject *s, struct loop *l)
{
    struct outcome o = {0};

    s->ask(l, &o);
    assert_int_equal(o.calls, 0); /* never inside the call */
    loop_run_until(l, &o.done);
    return o;
}

static void pause_a_moment(struct loop *l)
{
    int over = 0;
    (void)timer_start(l, PAUSE_MS, on_flag, &over);
    loop_run_until(l, &over);
}

/* Until it works: after a refusal the connection is made anew. */
static void ask_until_it_works(const struct subject *s, struct loop *l, const char *what, int nth)
{
    struct outcome o = {0};

    for (int i = 0; i < TRIES_MAX && !o.right; i++) {
        if (i > 0)
            pause_a_moment(l);
        o = ask(s, l);
    }
    if (!o.right)
        fail_msg("%s, %s %d: it does not work again: %s", s->name, what, nth, o.e.text);
}

/* A fault is armed by begin(), before anything is opened; `end` tells whether it struck. Returns that. */
static bool play(const struct subject *s, const char *what, int nth, void (*begin)(int nth), bool (*end)(void))
{
    struct loop *l = loop_new();
    struct outcome o;
    bool struck;

    if (s->prepare != NULL)
        s->prepare(l);
    assert_false(mem_short());
    begin(nth);
    s->open(l);
    for (int i = 0, right = 0; i < 12 && right < 2; i++) { /* while connecting, connected, and after that */
        o = ask(s, l);
        right += o.right;
        assert_int_equal(o.calls, 1);
        if (o.rc == 0 ? !o.right : !s->may_end_so(o.rc))
            fail_msg("%s, %s %d: %s: %s", s->name, what, nth, err_name(o.rc), o.e.text);
        pause_a_moment(l);
    }
    struck = end();
    points += struck;
    ask_until_it_works(s, l, what, nth);
    s->close(l);
    loop_run(l);
    loop_free(l);
    return struck;
}

static void each_point(const struct subject *s, const char *what, void (*begin)(int nth), bool (*end)(void))
{
    int before = -1;

    for (int nth = 1; nth < NTH_MAX && play(s, what, nth, begin, end); nth += 1 + nth / s->dense) {
        if (before >= 0)
            assert_int_equal(descriptors(), before);
        before = descriptors();
    }
}

/* ---- system calls ---- */

static struct {
    const char *library;
    enum call call;
    int error;
} fault;

static void call_begin(int nth)
{
    fail_begin(fault.library, fault.call, fault.error, nth);
}

static void each_call(const struct subject *s, const char *library)
{
    static const struct {
        enum call call;
        int error;
    } faults[] = {
        {CALL_SOCKET, EMFILE},        {CALL_SOCKET, ENOMEM},
        {CALL_CONNECT, ECONNREFUSED}, {CALL_CONNECT, EADDRNOTAVAIL},
        {CALL_SETSOCKOPT, ENOBUFS},   {CALL_FCNTL, EINVAL},
        {CALL_RECEIVE, ECONNRESET},   {CALL_RECEIVE, EINTR},
        {CALL_RECEIVE, EAGAIN},       {CALL_RECEIVE, FAIL_SHORT},
        {CALL_RECEIVE, FAIL_ENDED},   {CALL_SEND, EPIPE},
        {CALL_SEND, EINTR},           {CALL_SEND, EAGAIN},
        {CALL_SEND, FAIL_SHORT},
    };

    const int64_t began = clk_mono_ms();

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char what[80];

        fault.library = library;
        fault.call = faults[i].call;
        fault.error = faults[i].error;
        (void)snprintf(what, sizeof what, "call %d of %s with %d", faults[i].call, library, faults[i].error);
        each_point(s, what, call_begin, fail_end);
    }
    print_message("%s: %d refusals in %d ms\n", s->name, points, (int)(clk_mono_ms() - began));
}

static void calls_of_redis(void **state)
{
    (void)state;
    each_call(&redis_subject, "libhiredis");
    each_call(&redis_subject, ""); /* we send ourselves */
}

static void calls_of_postgresql(void **state)
{
    (void)state;
    each_call(&db_subject, "libpq");
}

static void calls_of_the_http_client(void **state)
{
    (void)state;
    each_call(&http_subject, "libcurl");
}

/* ---- memory ---- */

static void memory_begin(int nth)
{
    refuse_begin(REFUSE_ONE, nth);
}

static bool memory_end(void)
{
    bool refused;
    (void)refuse_end(&refused);
    return refused;
}

static void each_request(const struct subject *s)
{
    const int64_t began = clk_mono_ms();

    each_point(s, "memory", memory_begin, memory_end);
    print_message("%s: %d refusals in %d ms\n", s->name, points, (int)(clk_mono_ms() - began));
}

static void memory_of_redis(void **state)
{
    (void)state;
    each_request(&redis_subject);
}

static void memory_of_postgresql(void **state)
{
    (void)state;
    each_request(&db_subject);
}

static void memory_of_http(void **state)
{
    (void)state;
    each_request(&http_subject);
}

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_of_redis),           cmocka_unit_test(calls_of_postgresql),
        cmocka_unit_test(calls_of_the_http_client), cmocka_unit_test(memory_of_redis),
        cmocka_unit_test(memory_of_postgresql),     cmocka_unit_test(memory_of_http),
    };
    if (count > 1)
        cmocka_set_test_filter(words[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
