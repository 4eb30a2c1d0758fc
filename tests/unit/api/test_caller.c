#include "api/caller.h"
#include "api/callers.h"
#include "api/prefer.h"
#include "common/base/buf.h"
#include "common/base/jwt.h"
#include "common/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define WS "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
enum { NOW = 1795000000 };
static const char secret_text[] = "a secret that has at least 32 bytes";

/* "Bearer …" of these claims; the caller's. */
static char *bearer(const char *claims)
{
    struct secret *key = secret_new(secret_text, sizeof secret_text - 1);
    struct buf b;
    buf_init(&b, 8192);
    buf_add_str(&b, "Bearer ");
    jwt_sign(key, claims, &b);
    secret_free(key);
    return b.data;
}

static int identify(const char *authorization, const char *cookie, struct caller *out)
{
    struct secret *key = secret_new(secret_text, sizeof secret_text - 1);
    struct err e;
    const int rc = caller_identify(key, authorization, cookie, NOW, out, &e);
    secret_free(key);
    return rc;
}

static void claims_make_a_caller(void **state)
{
    static const struct {
        const char *claims;
        int rc;
        enum role role;
        bool enters;
    } cases[] = {
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":[\"" WS "\"]}", 0, ROLE_VIEWER, true},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":[\"AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE\"],\"role\":"
         "\"admin\"}",
         0, ROLE_ADMIN, true},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":[]}", 0, ROLE_VIEWER, false},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":\"*\",\"role\":\"operator\"}", 0, ROLE_OPERATOR, true},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":\"*\",\"role\":\"service\"}", 0, ROLE_SERVICE, true},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":\"*\",\"role\":\"admin\"}", ERR_UNAUTHORIZED, 0, false},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":\"" WS "\"}", ERR_UNAUTHORIZED, 0, false},
        {"{\"sub\":\"a\",\"exp\":1795000009}", ERR_UNAUTHORIZED, 0, false},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":[1]}", ERR_UNAUTHORIZED, 0, false},
        {"{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":[],\"role\":\"king\"}", ERR_UNAUTHORIZED, 0, false},
        {"{\"sub\":\"\",\"exp\":1795000009,\"workspaces\":[]}", ERR_UNAUTHORIZED, 0, false},
        {"{\"exp\":1795000009,\"workspaces\":[]}", ERR_UNAUTHORIZED, 0, false},
        {"{\"sub\":\"a\",\"exp\":1794999999,\"workspaces\":[]}", ERR_UNAUTHORIZED, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *token = bearer(cases[i].claims);
        struct caller c;
        assert_int_equal(identify(token, NULL, &c), cases[i].rc);
        if (cases[i].rc == 0) {
            assert_int_equal(c.role, cases[i].role);
            assert_int_equal(caller_may_enter(&c, WS), cases[i].enters);
            assert_false(c.by_cookie);
        }
        caller_clear(&c);
        free(token);
    }
}

static void an_end_that_no_clock_reaches_is_none(void **state)
{
    static const char *const ends[] = {"1e300", "9223372036854775807", "99999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *claims = str_printf("{\"sub\":\"a\",\"exp\":%s,\"workspaces\":[]}", ends[i]), *token = bearer(claims);
        struct caller c;
        assert_int_equal(identify(token, NULL, &c), 0);
        assert_int_equal(c.exp_s, INT64_C(253402300799)); /* in milliseconds it is still a number */
        caller_clear(&c);
        free(token);
        free(claims);
    }
}

static void the_cookie_serves_when_there_is_no_header(void **state)
{
    char *token = bearer("{\"sub\":\"a\",\"exp\":1795000009,\"workspaces\":[]}");
    char cookie[600];
    struct caller c;
    (void)state;

    (void)snprintf(cookie, sizeof cookie, "x=1; access_token=%s; y=2", token + strlen("Bearer "));
    assert_int_equal(identify(NULL, cookie, &c), 0);
    assert_true(c.by_cookie);
    caller_clear(&c);
    assert_int_equal(identify("Basic eA==", cookie, &c), ERR_UNAUTHORIZED);
    caller_clear(&c);
    assert_int_equal(identify(token, "access_token=bad", &c), 0);
    assert_false(c.by_cookie);
    caller_clear(&c);
    static const char *const none[] = {
        "", "xaccess_token=1", "access_token", "access_token=", ";;; ", "access_token=;"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(identify(NULL, none[i], &c), ERR_UNAUTHORIZED);
        caller_clear(&c);
    }
    assert_int_equal(identify(NULL, NULL, &c), ERR_UNAUTHORIZED);
    free(token);
}

static void foreign_pages_may_not_change_anything(void **state)
{
    static const struct {
        const char *origin, *site, *ours;
        bool good;
    } cases[] = {
        {NULL, NULL, "https://x.example", true},
        {"https://x.example", NULL, "https://x.example", true},
        {"https://x.example", "same-origin", "https://x.example/metricx", true},
        {"HTTPS://X.example", NULL, "https://x.example", true},
        {NULL, "none", "https://x.example", true},
        {"https://x.example.evil", NULL, "https://x.example", false},
        {"https://x.exampl", NULL, "https://x.example", false},
        {"http://x.example", NULL, "https://x.example", false},
        {"https://x.example:444", NULL, "https://x.example", false},
        {"null", NULL, "https://x.example", false},
        {"", NULL, "https://x.example", false},
        {"https://x.example", "same-site", "https://x.example", false},
        {NULL, "cross-site", "https://x.example", false},
    };
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(caller_same_site(cases[i].origin, cases[i].site, cases[i].ours, &e),
                         cases[i].good ? 0 : ERR_FORBIDDEN);
}

static void who_asks_too_often_waits(void **state)
{
    struct callers *c = callers_new(3, 2);
    char name[32];
    (void)state;

    for (int i = 0; i < 3; i++)
        assert_int_equal(callers_take(c, "a", 1000), 0);
    assert_int_equal(callers_take(c, "a", 1000), 1);
    assert_int_equal(callers_take(c, "b", 1000), 0);
    assert_int_equal(callers_take(c, "a", 1500), 0); /* two a second */
    assert_int_equal(callers_take(c, "a", 1500), 1);
    assert_int_equal(callers_take(c, "a", 999999), 0);
    for (int i = 0; i < 100000; i++) { /* whoever comes: memory is bounded, nobody is turned away */
        (void)snprintf(name, sizeof name, "caller %d", i);
        assert_int_equal(callers_take(c, name, 1000000), 0);
    }
    callers_free(c);
}

static void prefer_says_how_long(void **state)
{
    static const struct {
        const char *prefer;
        int64_t wait;
    } cases[] = {{NULL, 25},
                 {"", 25},
                 {"wait=3", 3},
                 {"WAIT=0", 0},
                 {"respond-async", 0},
                 {"respond-async, wait=10", 0},
                 {"foo, wait=7", 7},
                 {"wait=9999", 300},
                 {"wait=x", 25},
                 {"wait=", 25},
                 {"wait=-1", 25},
                 {"return=minimal;x=\"y\", wait=4", 4},
                 {"wait=99999999999999", 25}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(prefer_wait_s(cases[i].prefer, 25), cases[i].wait);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_make_a_caller),
        cmocka_unit_test(an_end_that_no_clock_reaches_is_none),
        cmocka_unit_test(the_cookie_serves_when_there_is_no_header),
        cmocka_unit_test(foreign_pages_may_not_change_anything),
        cmocka_unit_test(who_asks_too_often_waits),
        cmocka_unit_test(prefer_says_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
