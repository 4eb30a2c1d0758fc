#include "worker/report_fate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum report_fate fate(enum report_word word, int made, int64_t age_s, int64_t still_s)
{
    const struct report_facts f = {.made = made, .age_s = age_s, .still_s = still_s};
    return report_fate_of(&f, word);
}

static void each_word_has_its_fate(void **state)
{
    (void)state;
    assert_int_equal(fate(REPORT_READY, 3, 9999, 9999), REPORT_READ);
    assert_int_equal(fate(REPORT_PENDING, 1, 9999, 1799), REPORT_WAIT);
    assert_int_equal(fate(REPORT_PENDING, 1, 9999, 1800), REPORT_ANEW);
    assert_int_equal(fate(REPORT_PENDING, 3, 9999, 1800), REPORT_GIVE_UP);
    assert_int_equal(fate(REPORT_UNSEEN, 1, 119, 119), REPORT_WAIT);
    assert_int_equal(fate(REPORT_UNSEEN, 1, 120, 0), REPORT_ANEW);
    assert_int_equal(fate(REPORT_UNSEEN, 3, 120, 120), REPORT_GIVE_UP);
    assert_int_equal(fate(REPORT_LOST, 1, 0, 0), REPORT_ANEW);
    assert_int_equal(fate(REPORT_LOST, 2, 0, 0), REPORT_ANEW);
    assert_int_equal(fate(REPORT_LOST, 3, 0, 0), REPORT_GIVE_UP);
}

static void looks_get_rarer(void **state)
{
    static const int64_t seconds[] = {5, 10, 20, 40, 60, 60};
    (void)state;
    for (int polls = 0; polls < 6; polls++)
        assert_int_equal(report_delay_ms(polls), seconds[polls] * 1000);
    assert_int_equal(report_delay_ms(1000000), 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_word_has_its_fate), cmocka_unit_test(looks_get_rarer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
