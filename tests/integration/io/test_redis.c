#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/redis.h"
#include "tests/integration/io/driver.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct outcome {
    int calls, done, rc, order;
    char text[128];
    int64_t number;
    struct err e;
};
static int outcomes;

static void on_outcome(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
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

static void on_state(void *arg, bool connected)
{
    struct bench *b = arg;
    b->connects += connected;
    b->losses += !connected;
    b->changes++;
}

static void open_at(struct bench *b, const char *url)
{
    struct err e;

    outcomes = 0;
    *b = (struct bench){.loop = loop_new()};
    if (redis_new(b->loop, url ? url : getenv("REDIS_URL"), "io-test", &b->redis, &e) != 0)
        fail_msg("%s", e.text);
    redis_on_state(b->redis, on_state, b);
}

static void await_state(struct bench *b, bool connected)
{
    while (redis_ready(b->redis) != connected) {
        b->changes = 0;
        loop_run_until(b->loop, &b->changes);
    }
}

static void open_ready(struct bench *b, const char *url)
{
    open_at(b, url);
    await_state(b, true);
}

static void on_closed(void *arg)
{
    ++*(int *)arg;
}

static void close_only(struct bench *b)
{
    int closed = 0;
    redis_close(b->redis, on_closed, &closed);
    assert_int_equal(closed, 0);
    loop_run_until(b->loop, &closed);
    assert_int_equal(closed, 1);
}

static void bench_close(struct bench *b)
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

static void send_words(struct bench *b, int64_t timeout_ms, struct outcome *o, int argc, const char *const *argv)
{
    *o = (struct outcome){0};
    redis_command(b->redis, argc, argv, NULL, timeout_ms, on_outcome, o);
    assert_int_equal(o->calls, 0);
}

static struct outcome ask(struct bench *b, int argc, const char *const *argv)
{
    struct outcome o;
    send_words(b, 0, &o, argc, argv);
    loop_run_until(b->loop, &o.done);
    assert_int_equal(o.calls, 1);
    return o;
}

/* Before each test: nothing of the former one is left. */
static int empty_server(void **state)
{
    (void)state;
    struct bench b;
    open_ready(&b, NULL);
    assert_int_equal(ASK(&b, "FLUSHALL").rc, 0);
    bench_close(&b);
    return 0;
}
#define TEST(name) cmocka_unit_test_setup(name, empty_server)

static void read_reply(void *arg, const struct redis_reply *r)
{
    (void)arg;
    assert_int_equal(redis_type(r), REDIS_ARRAY);
    assert_int_equal(redis_count(r), 5);
    assert_int_equal(redis_type(redis_at(r, 0)), REDIS_INT);
    assert_int_equal(redis_int(redis_at(r, 0)), -5);
    assert_string_equal(redis_str(redis_at(r, 0)), "");
    assert_int_equal(redis_type(redis_at(r, 1)), REDIS_STR);
    assert_int_equal(redis_int(redis_at(r, 1)), 17);
    assert_int_equal(redis_int(redis_at(r, 2)), 0);
    assert_int_equal(redis_str_len(redis_at(r, 2)), 3);
    assert_int_equal(redis_type(redis_at(r, 3)), REDIS_NIL);
    assert_string_equal(redis_field(redis_at(r, 4), "b"), "2");
    assert_string_equal(redis_field(redis_at(r, 4), "empty"), "");
    assert_null(redis_field(redis_at(r, 4), "2"));
    assert_null(redis_field(redis_at(r, 4), "odd"));
    assert_int_equal(redis_type(redis_at(r, 5)), REDIS_NIL);
    assert_int_equal(redis_type(redis_at(r, -1)), REDIS_NIL);
    assert_int_equal(redis_count(redis_at(r, 9)), 0);
}

static void test_replies(void **state)
{
    (void)state;
    struct bench b;

    open_at(&b, NULL);
    assert_int_equal(
        redis_command_wait(b.loop, b.redis,
                           WORDS("EVAL", "return {-5, '17', 'x\\0y', false, {'a','1','b','2','empty','','odd'}}", "0"),
                           read_reply, NULL, NULL),
        0); /* though the connection is only being made */
    bench_close(&b);
}

static void test_bytes_and_errors(void **state)
{
    (void)state;
    struct bench b;
    struct outcome o = {0};
    const char *words[] = {"SET", "k", "a\0b\r\n"};
    const size_t lengths[] = {3, 1, 5};

    open_ready(&b, NULL);
    redis_command(b.redis, 3, words, lengths, 0, on_outcome, &o);
    loop_run_until(b.loop, &o.done);
    assert_string_equal(o.text, "OK");
    assert_int_equal(ASK(&b, "STRLEN", "k").number, 5);
    o = ASK(&b, "LPUSH", "k", "v");
    assert_int_equal(o.rc, ERR_REDIS);
    assert_non_null(strstr(o.e.text, "WRONGTYPE"));
    assert_int_equal(ASK(&b, "PING").rc, 0); /* the connection lives on */
    assert_int_equal(b.losses, 0);
    bench_close(&b);
}

static void test_a_thousand_commands_at_once(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct outcome o[COUNT];
    struct bench b;

    open_ready(&b, NULL);
    for (int i = 0; i < COUNT; i++)
        SEND(&b, 0, &o[i], "INCR", "n");
    loop_run_until(b.loop, &o[COUNT - 1].done);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(o[i].calls, 1);
        assert_int_equal(o[i].number, i + 1);
        assert_int_equal(o[i].order, i);
    }
    bench_close(&b);
}

static void test_large_values(void **state)
{
    (void)state;
    const size_t bytes = 8 << 20;
    struct bench b;
    char *value = malloc(3 * bytes);
    struct outcome o = {0};

    open_ready(&b, NULL);
    assert_non_null(value);
    memset(value, 'v', 3 * bytes);
    redis_command(b.redis, WORDS("SET", "k", value), (const size_t[]){3, 1, bytes}, 0, on_outcome, &o);
    loop_run_until(b.loop, &o.done);
    assert_int_equal(o.rc, 0);
    o = ASK(&b, "GET", "k");
    assert_int_equal(strlen(o.text), sizeof o.text - 1);
    o = (struct outcome){0};
    redis_command(b.redis, WORDS("SET", "k", value), (const size_t[]){3, 1, 3 * bytes}, 0, on_outcome, &o);
    loop_run_until(b.loop, &o.done);
    assert_int_equal(o.rc, ERR_LIMIT);
    free(value);
    bench_close(&b);
}

static void test_not_connected_yet(void **state)
{
    (void)state;
    struct bench b;
    struct outcome o;

    open_at(&b, NULL);
    assert_false(redis_ready(b.redis));
    SEND(&b, 0, &o, "PING");
    loop_run_until(b.loop, &o.done);
    assert_int_equal(o.rc, ERR_REDIS_AWAY);
    bench_close(&b);
}

static void test_a_paused_server(void **state)
{
    (void)state;
    struct bench b;
    struct outcome slow, patient, later;
    int64_t reconnects = metric_get(M_REDIS_RECONNECTS);

    open_ready(&b, NULL);
    drive("redis pause");
    SEND(&b, 60000, &patient, "PING");
    SEND(&b, 50, &slow, "INCR", "n");
    SEND(&b, 60000, &later, "PING");
    loop_run_until(b.loop, &later.done);
    loop_run_until(b.loop, &slow.done);
    assert_int_equal(slow.rc, ERR_TIMEOUT);
    assert_int_equal(patient.rc, ERR_REDIS_AWAY);
    assert_int_equal(later.rc, ERR_REDIS_AWAY);
    assert_int_equal(slow.calls + patient.calls + later.calls, 3);
    assert_int_equal(b.losses, 1);
    assert_int_equal(ASK(&b, "PING").rc, ERR_REDIS_AWAY); /* at once: nothing is queued */
    drive("redis resume");
    await_state(&b, true);
    assert_int_equal(ASK(&b, "PING").rc, 0);
    assert_int_equal(b.connects, 2);
    assert_int_equal(metric_get(M_REDIS_RECONNECTS) - reconnects, 1);
    bench_close(&b);
}

static void test_a_server_that_restarts(void **state)
{
    (void)state;
    struct bench b;
    struct outcome o;

    open_ready(&b, NULL);
    SEND(&b, 60000, &o, "BLPOP", "nothing", "0");
    loop_turn(b.loop);
    drive("redis stop");
    loop_run_until(b.loop, &o.done);
    assert_int_equal(o.rc, ERR_REDIS_AWAY);
    assert_false(redis_ready(b.redis));
    struct err e;
    assert_int_equal(redis_command_wait(b.loop, b.redis, WORDS("PING"), NULL, NULL, &e), ERR_REDIS_AWAY);
    assert_non_null(strstr(e.text, "127.0.0.1"));
    drive("redis start");
    await_state(&b, true);
    assert_int_equal(ASK(&b, "PING").rc, 0);
    assert_int_equal(b.losses, 1);
    assert_int_equal(b.connects, 2);
    bench_close(&b);
}

static void test_a_connection_that_is_killed(void **state)
{
    (void)state;
    struct bench b, killer;

    open_ready(&b, NULL);
    open_ready(&killer, getenv("REDIS_SOCKET"));
    assert_true(ASK(&killer, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").number > 0);
    await_state(&b, false);
    await_state(&b, true);
    assert_int_equal(ASK(&b, "PING").rc, 0);
    bench_close(&killer);
    bench_close(&b);
}

static void test_a_replica_is_as_good_as_away(void **state)
{
    (void)state;
    struct bench b;

    open_ready(&b, NULL);
    assert_int_equal(ASK(&b, "REPLICAOF", "127.0.0.1", "1").rc, 0);
    assert_int_equal(ASK(&b, "SET", "k", "v").rc, ERR_REDIS_AWAY);
    assert_int_equal(b.losses, 1);
    await_state(&b, true);
    assert_int_equal(ASK(&b, "REPLICAOF", "NO", "ONE").rc, 0);
    assert_int_equal(ASK(&b, "SET", "k", "v").rc, 0);
    bench_close(&b);
}

static void test_scripts(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    static struct outcome o[COUNT];
    struct redis_script add = {.name = "add",
                               .text = "return redis.call('INCRBY', KEYS[1], ARGV[1]) + tonumber(ARGV[2])"};
    struct redis_script bad = {.name = "bad", .text = "return redis.error_reply('NOPE ' .. KEYS[1])"};
    struct bench b;

    redis_script_prepare(&add);
    redis_script_prepare(&bad);
    open_ready(&b, NULL);
    for (int round = 0; round < 3; round++) { /* unknown, known, forgotten */
        if (round == 2)
            assert_int_equal(ASK(&b, "SCRIPT", "FLUSH").rc, 0);
        memset(o, 0, sizeof o);
        for (int i = 0; i < COUNT; i++)
            redis_eval(b.redis, &add, "n", 2, (const char *const[]){"1", "1000"}, on_outcome, &o[i]);
        for (int i = 0; i < COUNT; i++)
            loop_run_until(b.loop, &o[i].done);
        for (int i = 0; i < COUNT; i++)
            assert_int_equal(o[i].calls, 1);
        assert_int_equal(ASK(&b, "GET", "n").number, (round + 1) * COUNT);
    }
    assert_int_equal(ASK(&b, "EVALSHA", add.sha, "1", "n", "0", "0").number, 3 * COUNT); /* it is kept */
    for (int i = 0; i < 2; i++) {
        o[0] = (struct outcome){0};
        redis_eval(b.redis, &bad, "key", 0, NULL, on_outcome, &o[0]);
        loop_run_until(b.loop, &o[0].done);
        assert_int_equal(o[0].rc, ERR_REDIS);
        assert_non_null(strstr(o[0].e.text, "NOPE key"));
    }
    bench_close(&b);
}

struct inbox {
    int count;
    char last[64];
};

static void on_message(void *arg, const char *text, size_t len)
{
    struct inbox *inbox = arg;
    inbox->count++;
    assert_true(len < sizeof inbox->last);
    memcpy(inbox->last, text, len + 1);
}

static void test_a_subscription_outlives_the_connection(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) { /* subscribed before, and after connecting */
        struct bench b, sender;
        struct inbox inbox = {0};
        if (late)
            open_ready(&b, NULL);
        else
            open_at(&b, NULL);
        redis_subscribe(b.redis, "news", on_message, &inbox);
        await_state(&b, true);
        for (int round = 1; round <= 2; round++) {
            open_ready(&sender, NULL);
            char text[16];
            snprintf(text, sizeof text, "number %d", round);
            while (ASK(&sender, "PUBLISH", "news", text).number == 0) /* until the subscription has arrived */
                loop_turn(b.loop);
            inbox.count = 0;
            loop_run_until(b.loop, &inbox.count);
            assert_string_equal(inbox.last, text);
            bench_close(&sender);
            if (round == 1) {
                drive("redis restart");
                await_state(&b, false);
                await_state(&b, true);
            }
        }
        bench_close(&b);
    }
}

static void login_url(char *out, size_t size, const char *login, int db)
{
    const char *place = getenv("REDIS_URL");
    place = place ? place + strlen("redis://") : "";
    snprintf(out, size, "redis://%s@%.*s/%d", login, (int)strcspn(place, "/"), place, db);
}

static void test_login_database_and_name(void **state)
{
    (void)state;
    struct bench admin, b;
    char url[200];

    open_ready(&admin, NULL);
    assert_int_equal(ASK(&admin, "ACL", "SETUSER", "someone", "on", ">p@ss", "~*", "+@all").rc, 0);
    login_url(url, sizeof url, "someone:p%40ss", 7);
    open_ready(&b, url);
    assert_string_equal(ASK(&b, "ACL", "WHOAMI").text, "someone");
    assert_string_equal(ASK(&b, "CLIENT", "GETNAME").text, "io-test");
    assert_non_null(strstr(ASK(&b, "CLIENT", "INFO").text, "name=io-test"));
    assert_int_equal(ASK(&b, "SET", "only-in-7", "v").rc, 0);
    assert_string_equal(ASK(&admin, "GET", "only-in-7").text, "");
    bench_close(&b);

    login_url(url, sizeof url, "someone:hunter2", 0);
    open_at(&b, url);
    struct err e;
    assert_int_equal(redis_command_wait(b.loop, b.redis, WORDS("PING"), NULL, NULL, &e), ERR_REDIS_AWAY);
    assert_non_null(strstr(e.text, "WRONGPASS"));
    assert_null(strstr(e.text, "hunter2"));
    assert_int_equal(b.connects, 0);
    bench_close(&b);
    assert_int_equal(ASK(&admin, "ACL", "DELUSER", "someone").rc, 0);
    bench_close(&admin);
}

static void test_addresses_that_do_not_answer(void **state)
{
    (void)state;
    static const char *const urls[] = {"redis://127.0.0.1:1", "redis://nosuch.invalid",
                                       "unix:///nonexistent/redis.sock"};
    static const char *const words[] = {"Connection refused", "nosuch.invalid", "No such file"};

    for (int i = 0; i < 3; i++) {
        struct bench b;
        struct err e = {0};
        open_at(&b, urls[i]);
        assert_int_equal(redis_command_wait(b.loop, b.redis, WORDS("PING"), NULL, NULL, &e), ERR_REDIS_AWAY);
        assert_non_null(strstr(e.text, words[i]));
        bench_close(&b);
    }
}

static void test_close_at_any_moment(void **state)
{
    (void)state;
    static const char *const urls[] = {NULL, "redis://127.0.0.1:1", "redis://nosuch.invalid", "redis://localhost:1"};

    for (int turns = 0; turns < 40; turns++) {
        struct bench b;
        struct outcome o[5];
        struct outcome late;
        int closed = 0;
        open_at(&b, urls[turns % 4]);
        for (int i = 0; i < turns / 4; i++)
            loop_turn(b.loop);
        for (int i = 0; i < 5; i++)
            SEND(&b, 0, &o[i], "PING");
        redis_close(b.redis, on_closed, &closed);
        SEND(&b, 0, &late, "PING");
        loop_run_until(b.loop, &closed);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(o[i].calls, 1);
            assert_true(o[i].rc == ERR_CANCELED || o[i].rc == ERR_REDIS_AWAY);
        }
        assert_int_equal(late.calls, 1);
        assert_int_equal(late.rc, ERR_CANCELED);
        loop_free(b.loop);
    }
}

static void test_close_with_commands_on_their_way(void **state)
{
    (void)state;
    struct bench b;
    struct outcome o[100];
    int closed = 0;

    open_ready(&b, NULL);
    for (int i = 0; i < 100; i++)
        SEND(&b, 0, &o[i], "PING");
    redis_close(b.redis, on_closed, &closed);
    loop_run_until(b.loop, &closed);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(o[i].calls, 1);
        assert_int_equal(o[i].rc, ERR_CANCELED);
    }
    loop_free(b.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_replies),
        TEST(test_bytes_and_errors),
        TEST(test_a_thousand_commands_at_once),
        TEST(test_large_values),
        TEST(test_not_connected_yet),
        TEST(test_a_paused_server),
        TEST(test_a_server_that_restarts),
        TEST(test_a_connection_that_is_killed),
        TEST(test_a_replica_is_as_good_as_away),
        TEST(test_scripts),
        TEST(test_a_subscription_outlives_the_connection),
        TEST(test_login_database_and_name),
        TEST(test_addresses_that_do_not_answer),
        TEST(test_close_at_any_moment),
        TEST(test_close_with_commands_on_their_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
