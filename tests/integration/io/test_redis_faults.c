#include "common/base/metrics.h"
#include "tests/integration/io/driver.h"
#include "tests/integration/io/redis_case.h"

/* Broken connections, time limits, servers that go and come back, closing. */

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
        TEST(test_not_connected_yet),
        TEST(test_a_paused_server),
        TEST(test_a_server_that_restarts),
        TEST(test_a_connection_that_is_killed),
        TEST(test_a_replica_is_as_good_as_away),
        TEST(test_addresses_that_do_not_answer),
        TEST(test_close_at_any_moment),
        TEST(test_close_with_commands_on_their_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
