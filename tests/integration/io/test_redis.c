#include "tests/integration/io/driver.h"
#include "tests/integration/io/redis_case.h"

/* Commands, replies, scripts, subscriptions, logging in. What breaks from outside is in test_redis_faults.c. */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_replies),
        TEST(test_bytes_and_errors),
        TEST(test_a_thousand_commands_at_once),
        TEST(test_large_values),
        TEST(test_scripts),
        TEST(test_a_subscription_outlives_the_connection),
        TEST(test_login_database_and_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
