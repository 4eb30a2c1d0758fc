#include "common/base/date.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static void every_day_round_trips(void **state)
{
    int year, month, dom, before_year = 1899, before_month = 12, before_dom = 31;
    char text[DATE_TEXT];
    date_t again;

    (void)state;
    assert_int_equal(date_from_civil(1970, 1, 1), 0);
    assert_int_equal(date_from_civil(2000, 3, 1), 11017);
    for (date_t day = date_from_civil(1900, 1, 1); day <= date_from_civil(2400, 12, 31); day++) {
        date_to_civil(day, &year, &month, &dom);
        assert_int_equal(date_from_civil(year, month, dom), day);
        /* the calendar goes on by one day, one month or one year */
        if (dom != 1)
            assert_true(dom == before_dom + 1 && month == before_month && year == before_year);
        else
            assert_true((month == before_month + 1 && year == before_year) || (month == 1 && year == before_year + 1));
        if (year >= 1970)
            assert_true(date_parse(date_text(day, text), &again) && again == day);
        before_year = year;
        before_month = month;
        before_dom = dom;
    }
}

static void parses_only_days_that_exist(void **state)
{
    static const char *const bad[] = {"",           "2026-1-01",  "2026-13-01", "2026-00-10",  "2026-02-29",
                                      "2026-04-31", "2100-02-29", "2026/01/01", "2026-01-01 ", " 026-01-01",
                                      "1969-12-31", "2026-01-00", "20260101",   "-026-01-01",  "2026-01-0a"};
    date_t day = 5;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (date_parse(bad[i], &day))
            fail_msg("\"%s\" was taken for a day", bad[i]);
    }
    assert_int_equal(day, 5);
    assert_true(date_parse("2024-02-29", &day));
    assert_true(date_parse("2000-02-29", &day));
    assert_true(date_parse("9999-12-31", &day));
    assert_true(date_parse("1970-01-01", &day) && day == 0);
}

static void writes_nothing_for_no_day(void **state)
{
    char text[DATE_TEXT];

    (void)state;
    assert_string_equal(date_text(DATE_NONE, text), "");
    assert_string_equal(date_text(INT32_MAX, text), "");
    assert_string_equal(date_text(date_from_civil(10000, 1, 1), text), "");
    assert_string_equal(date_text(date_from_civil(0, 1, 1), text), "0000-01-01");
    assert_string_equal(date_text(-1, text), "1969-12-31");
}

static void months_are_clamped(void **state)
{
    static const struct {
        const char *day;
        int months;
        const char *result;
    } cases[] = {{"2026-03-31", -1, "2026-02-28"}, {"2024-03-31", -1, "2024-02-29"},  {"2026-01-31", 1, "2026-02-28"},
                 {"2026-12-31", 1, "2027-01-31"},  {"2026-01-15", -1, "2025-12-15"},  {"2026-11-22", -37, "2023-10-22"},
                 {"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", -48, "2020-02-29"}, {"2026-05-31", 0, "2026-05-31"}};
    char text[DATE_TEXT];
    date_t day;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(date_parse(cases[i].day, &day));
        assert_string_equal(date_text(date_add_months(day, cases[i].months), text), cases[i].result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_round_trips),
        cmocka_unit_test(parses_only_days_that_exist),
        cmocka_unit_test(writes_nothing_for_no_day),
        cmocka_unit_test(months_are_clamped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
