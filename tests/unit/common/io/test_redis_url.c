#include "common/io/redis_parts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void test_tcp(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        int port, db;
    } table[] = {
        {"redis://127.0.0.1:6379/0", "127.0.0.1", 6379, 0},
        {"redis://cache", "cache", 6379, 0},
        {"redis://cache/", "cache", 6379, 0},
        {"redis://cache:1/15", "cache", 1, 15},
        {"redis://[::1]:65535/2", "::1", 65535, 2},
        {"redis://[fe80::1%25eth0]", "fe80::1%eth0", 6379, 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct redis_url u;
        assert_int_equal(redis_url_parse(table[i].url, &u, NULL), 0);
        assert_string_equal(u.host, table[i].host);
        assert_int_equal(u.port, table[i].port);
        assert_int_equal(u.db, table[i].db);
        assert_null(u.path);
        assert_null(u.password);
        redis_url_free(&u);
    }
}

static void test_login(void **state)
{
    (void)state;
    struct redis_url u;

    assert_int_equal(redis_url_parse("redis://me:p%40ss%2Fword@host:1/2", &u, NULL), 0);
    assert_string_equal(u.user, "me");
    assert_string_equal(secret_reveal(u.password), "p@ss/word");
    assert_string_equal(u.host, "host");
    redis_url_free(&u);
    assert_int_equal(redis_url_parse("redis://:only@host", &u, NULL), 0);
    assert_string_equal(u.user, "");
    assert_string_equal(secret_reveal(u.password), "only");
    redis_url_free(&u);
    assert_int_equal(redis_url_parse("unix://me:pw@/run/redis.sock?db=3", &u, NULL), 0);
    assert_string_equal(u.path, "/run/redis.sock");
    assert_string_equal(secret_reveal(u.password), "pw");
    assert_int_equal(u.db, 3);
    assert_null(u.host);
    redis_url_free(&u);
}

static void test_unix(void **state)
{
    (void)state;
    struct redis_url u;

    assert_int_equal(redis_url_parse("unix:///tmp/a%20b@c.sock", &u, NULL), 0);
    assert_string_equal(u.path, "/tmp/a b@c.sock");
    assert_int_equal(u.db, 0);
    redis_url_free(&u);
}

static void test_refusals_name_the_setting_and_hide_the_password(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "http://hunter2",
        "redis://",
        "redis://:hunter2@",
        "redis://hunter2@host",
        "redis://:hunter2%4@host",
        "redis://:hunter2%00@host",
        "redis://:hunter2@host:0",
        "redis://:hunter2@host:65536",
        "redis://:hunter2@host:123456789",
        "redis://:hunter2@host:",
        "redis://:hunter2@host/x",
        "redis://:hunter2@host/-1",
        "redis://:hunter2@[::1",
        "redis://:hunter2@[::1]6379",
        "unix://relative",
        "unix:///path?password=hunter2",
        "rediss://:hunter2@host",
    };

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct redis_url u;
        struct err e = {0};
        assert_int_equal(redis_url_parse(urls[i], &u, &e), ERR_SETTING);
        assert_non_null(strstr(e.text, "REDIS_URL"));
        assert_null(strstr(e.text, "hunter2"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_refusals_name_the_setting_and_hide_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
