#include "common/base/decimal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

#define INT128_LARGEST "170141183460469231731687303715884105727"

static void check_text(const char *from, const char *to)
{
    struct decimal d;
    char text[DECIMAL_TEXT];

    if (!decimal_parse(from, &d))
        fail_msg("\"%s\" was refused", from);
    assert_string_equal(decimal_text(&d, text), to);
}

static void texts_are_shortest(void **state)
{
    (void)state;
    check_text("0", "0");
    check_text("-0.00", "0");
    check_text("12.340", "12.34");
    check_text("-0.50", "-0.5");
    check_text("+7", "7");
    check_text("007.10", "7.1");
    check_text("100", "100");
    check_text("0.000000000000000001", "0.000000000000000001");
    check_text("1234567890123456789012345.67", "1234567890123456789012345.67");
    check_text(INT128_LARGEST, INT128_LARGEST);
    check_text("-170141183460469231731687303715884105728", "-170141183460469231731687303715884105728");
    check_text("-170141183460469231731.687303715884105728", "-170141183460469231731.687303715884105728");
}

static void refuses_what_is_no_decimal(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      ".",
                                      ".5",
                                      "5.",
                                      "1e3",
                                      "1,5",
                                      " 1",
                                      "1 ",
                                      "1.2.3",
                                      "--1",
                                      "+-1",
                                      "0x1",
                                      "NaN",
                                      "inf",
                                      "0.0000000000000000001",
                                      "170141183460469231731687303715884105728"};
    struct decimal d = {.units = 5};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (decimal_parse(bad[i], &d))
            fail_msg("\"%s\" was taken for a decimal", bad[i]);
    }
    assert_true(d.units == 5);
}

static void check_sum(const char *a, const char *b, const char *sum)
{
    struct decimal x, y, z;
    char text[DECIMAL_TEXT];

    assert_true(decimal_parse(a, &x));
    assert_true(decimal_parse(b, &y));
    if (sum == NULL) {
        assert_false(decimal_add(&x, &y, &z));
        return;
    }
    assert_true(decimal_add(&x, &y, &z));
    assert_string_equal(decimal_text(&z, text), sum);
}

static void adds_exactly(void **state)
{
    struct decimal total = {0}, cent;
    char text[DECIMAL_TEXT];

    (void)state;
    check_sum("0.1", "0.2", "0.3");
    check_sum("1.25", "-1.25", "0");
    check_sum("5", "0.005", "5.005");
    check_sum(INT128_LARGEST, "1", NULL);
    check_sum(INT128_LARGEST, "-1", "170141183460469231731687303715884105726");
    check_sum(INT128_LARGEST, "0.1", NULL);
    check_sum("100000000000000000000000000000000000000", "0.00", "100000000000000000000000000000000000000");
    assert_true(decimal_parse("0.01", &cent));
    for (int i = 0; i < 100000; i++)
        assert_true(decimal_add(&total, &cent, &total));
    assert_string_equal(decimal_text(&total, text), "1000");
}

static void compares_without_overflow(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {{"1.0", "1.000", 0},
                 {"1.1", "1.09", 1},
                 {"-1.1", "-1.09", -1},
                 {"-0.5", "0.5", -1},
                 {INT128_LARGEST, "0.1", 1},
                 {"0", "-0.0", 0},
                 {"2", "1.999999999999999999", 1},
                 {"-3", "2", -1}};
    struct decimal a, b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(decimal_parse(cases[i].a, &a));
        assert_true(decimal_parse(cases[i].b, &b));
        assert_int_equal(decimal_cmp(&a, &b), cases[i].order);
        assert_int_equal(decimal_cmp(&b, &a), -cases[i].order);
    }
}

static void minor_units(void **state)
{
    struct decimal d;
    char text[DECIMAL_TEXT];

    (void)state;
    assert_true(decimal_from_minor("5000", 2, &d));
    assert_string_equal(decimal_text(&d, text), "50");
    assert_true(decimal_from_minor("5001", 2, &d));
    assert_string_equal(decimal_text(&d, text), "50.01");
    assert_true(decimal_from_minor("5000", 0, &d));
    assert_string_equal(decimal_text(&d, text), "5000");
    assert_true(decimal_from_minor("7", 3, &d));
    assert_string_equal(decimal_text(&d, text), "0.007");
    assert_false(decimal_from_minor("50.00", 2, &d));
    assert_false(decimal_from_minor("", 2, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_shortest), cmocka_unit_test(refuses_what_is_no_decimal),
        cmocka_unit_test(adds_exactly),       cmocka_unit_test(compares_without_overflow),
        cmocka_unit_test(minor_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
