#include "common/base/str.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void reads_numbers_whole(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "0x10",
                                      "1.0",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999"};
    int64_t n = 7;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (str_to_i64(bad[i], INT64_MIN, INT64_MAX, &n))
            fail_msg("\"%s\" was taken for a number", bad[i]);
    }
    assert_int_equal(n, 7);
    assert_true(str_to_i64("9223372036854775807", INT64_MIN, INT64_MAX, &n) && n == INT64_MAX);
    assert_true(str_to_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &n) && n == INT64_MIN);
    assert_true(str_to_i64("007", 0, 10, &n) && n == 7);
    assert_true(str_to_i64("10", 0, 10, &n));
    assert_false(str_to_i64("11", 0, 10, &n));
    assert_false(str_to_i64("-1", 0, 10, &n));
}

static void reads_booleans(void **state)
{
    bool b = false;

    (void)state;
    assert_true(str_to_bool("yes", &b) && b);
    assert_true(str_to_bool("0", &b) && !b);
    assert_false(str_to_bool("True", &b));
    assert_false(str_to_bool("", &b));
}

static void copies_cut_at_a_character(void **state)
{
    char small[6];

    (void)state;
    assert_true(str_copy(small, sizeof small, "12345"));
    assert_string_equal(small, "12345");
    assert_false(str_copy(small, sizeof small, "123456"));
    assert_string_equal(small, "12345");
    assert_false(str_copy(small, sizeof small, "1234\xc3\xa9")); /* é needs two bytes, one is left */
    assert_string_equal(small, "1234");
    assert_false(str_copy(small, sizeof small, "12\xf0\x9f\x98\x80z"));
    assert_string_equal(small, "12");
    assert_true(str_copy(small, sizeof small, "1\xf0\x9f\x98\x80"));
    assert_false(str_copy(small, 1, "x"));
    assert_string_equal(small, "");
}

static void knows_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "abc",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "a\xe2\x28\xa1"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(str_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(str_is_utf8(bad[i], strlen(bad[i])));
}

static void owns_copies(void **state)
{
    char *a = str_dup("text"), *b = str_printf("%s-%d", a, 5);

    (void)state;
    assert_null(str_dup(NULL));
    assert_string_equal(b, "text-5");
    assert_true(str_starts(b, "text"));
    assert_true(str_starts(b, ""));
    assert_false(str_starts("te", "text"));
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_numbers_whole),
        cmocka_unit_test(reads_booleans),
        cmocka_unit_test(copies_cut_at_a_character),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(owns_copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
