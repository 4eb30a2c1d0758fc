#include "common/io/resolve.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

struct answer {
    int rc, calls;
    char address[64];
    struct err e;
};

static void on_answer(void *arg, int rc, const char *address, const struct err *e)
{
    struct answer *a = arg;
    a->rc = rc;
    a->calls++;
    snprintf(a->address, sizeof a->address, "%s", address ? address : "");
    if (rc != 0)
        err_copy(&a->e, e);
}

static struct answer ask(const char *host, int cancel)
{
    struct loop *l = loop_new();
    struct answer a = {0};
    struct resolve *r = resolve_start(l, host, on_answer, &a);

    assert_int_equal(a.calls, 0);
    if (cancel)
        resolve_cancel(r);
    assert_int_equal(a.calls, 0);
    loop_run(l);
    loop_free(l);
    assert_int_equal(a.calls, 1);
    return a;
}

static void test_numeric_hosts_come_back(void **state)
{
    (void)state;
    assert_string_equal(ask("127.0.0.1", 0).address, "127.0.0.1");
    assert_string_equal(ask("::1", 0).address, "::1");
}

static void test_localhost_prefers_ipv4(void **state)
{
    (void)state;
    assert_string_equal(ask("localhost", 0).address, "127.0.0.1");
}

static void test_an_unknown_host_is_named(void **state)
{
    (void)state;
    struct answer a = ask("does-not-exist.invalid", 0);
    assert_int_equal(a.rc, ERR_NETWORK);
    assert_non_null(strstr(a.e.text, "does-not-exist.invalid"));
}

static void test_an_impossible_host_is_refused(void **state)
{
    (void)state;
    char host[400];

    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_int_equal(ask(host, 0).rc, ERR_NETWORK);
    assert_int_equal(ask(host, 1).rc, ERR_CANCELED);
}

static void test_cancel_calls_back_once(void **state)
{
    (void)state;
    assert_int_equal(ask("127.0.0.1", 1).rc, ERR_CANCELED);
    assert_int_equal(ask("localhost", 1).rc, ERR_CANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeric_hosts_come_back),  cmocka_unit_test(test_localhost_prefers_ipv4),
        cmocka_unit_test(test_an_unknown_host_is_named), cmocka_unit_test(test_an_impossible_host_is_refused),
        cmocka_unit_test(test_cancel_calls_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
