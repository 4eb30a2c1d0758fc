#include "common/base/err.h"
#include "common/base/str.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void sets_and_returns(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(err_set(&e, ERR_TIMEOUT, "no answer for %d s", 5), ERR_TIMEOUT);
    assert_int_equal(e.rc, ERR_TIMEOUT);
    assert_string_equal(e.text, "no answer for 5 s");
    assert_int_equal(err_set(NULL, -EIO, "nobody reads"), -EIO);
}

static void wraps_outside_in(void **state)
{
    struct err e;

    (void)state;
    (void)err_set(&e, ERR_DB, "relation is missing");
    assert_int_equal(err_wrap(&e, "account %s", "act_1"), ERR_DB);
    assert_string_equal(e.text, "account act_1: relation is missing");
    assert_int_equal(err_wrap(&e, "%s again", e.text), ERR_DB);
    assert_string_equal(e.text, "account act_1: relation is missing again: account act_1: relation is missing");
    assert_int_equal(err_wrap(NULL, "x"), ERR_BUG);
}

static void text_is_cut_and_stays_utf8(void **state)
{
    struct err e;
    char long_text[1200];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof long_text; i += 2)
        memcpy(long_text + i, "\xc3\xa9", 3);
    (void)err_set(&e, ERR_INPUT, "x%s", long_text);
    assert_true(strlen(e.text) >= sizeof e.text - 3);
    assert_true(str_is_utf8(e.text, strlen(e.text)));
    (void)err_set(&e, ERR_INPUT, "broken \xff byte");
    assert_string_equal(e.text, "broken ? byte");
    (void)err_wrap(&e, "%s", long_text);
    assert_true(str_is_utf8(e.text, strlen(e.text)));
}

static void never_shows_a_token(void **state)
{
    struct err e;

    (void)state;
    (void)err_set(&e, ERR_NETWORK, "GET /me?access_token=EAABsbCS1234567 failed");
    assert_string_equal(e.text, "GET /me?access_token=*** failed");
}

static void names_go_both_ways(void **state)
{
    (void)state;
#define X(name, number, code, meaning)                                                                                 \
    assert_string_equal(err_name(name), code);                                                                         \
    assert_int_equal(err_from_name(code), name);
    ERR_TABLE(X)
#undef X
    assert_string_equal(err_name(0), "ok");
    assert_string_equal(err_name(-ECONNRESET), "system");
    assert_string_equal(err_name(-29999), "internal");
    assert_int_equal(err_from_name("ok"), 0);
    assert_int_equal(err_from_name("no such word"), ERR_BUG);
}

static void copies(void **state)
{
    struct err from, to = {0};

    (void)state;
    (void)err_set(&from, ERR_GONE, "cursor");
    assert_int_equal(err_copy(&to, &from), ERR_GONE);
    assert_string_equal(to.text, "cursor");
    assert_int_equal(err_copy(NULL, &from), ERR_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_returns),           cmocka_unit_test(wraps_outside_in),
        cmocka_unit_test(text_is_cut_and_stays_utf8), cmocka_unit_test(never_shows_a_token),
        cmocka_unit_test(names_go_both_ways),         cmocka_unit_test(copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
