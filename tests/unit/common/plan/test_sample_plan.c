#include "common/plan/sample_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_guess_of_many_pages_is_worth_a_day(void **state)
{
    const struct day_span spans[] = {{1, 10}, {20, 29}};
    (void)state;

    assert_false(sample_pays(spans, 2, 1000, 1000)); /* 20 pages */
    assert_true(sample_pays(spans, 2, 1000, 1001));
    assert_true(sample_pays(spans, 2, 1000, 0)); /* anything at all */
    assert_false(sample_pays(&(struct day_span){1, 7}, 1, 1000, 0));
    assert_true(sample_pays(&(struct day_span){1, 8}, 1, 1000, 0));
    assert_false(sample_pays(&(struct day_span){5, 5}, 1, 1000, 1000000));
}

static void assert_sample(const struct day_span *spans, int count, date_t today, date_t from, date_t to)
{
    const struct day_span s = sample_span(spans, count, today);

    assert_int_equal(s.from, from);
    assert_int_equal(s.to, to);
}

static void the_newest_day_that_is_over_and_today(void **state)
{
    const struct day_span spans[] = {{1, 10}, {20, 29}};
    (void)state;

    assert_sample(spans, 2, 29, 28, 29);
    assert_sample(spans, 2, 40, 29, 29);
    assert_sample(spans, 2, 20, 10, 10);
    assert_sample(&(struct day_span){5, 5}, 1, 5, 5, 5);
}

static void what_is_planned_is_left_out(void **state)
{
    struct day_span spans[] = {{1, 3}, {5, 5}, {7, 9}};
    (void)state;

    assert_int_equal(sample_before(spans, 3, DATE_NONE), 3);
    assert_int_equal(sample_before(spans, 3, 8), 3);
    assert_int_equal(spans[2].to, 7);
    assert_int_equal(sample_before(spans, 3, 7), 2);
    assert_int_equal(sample_before(spans, 2, 5), 1);
    assert_int_equal(spans[0].to, 3);
    assert_int_equal(sample_before(spans, 1, 1), 0);
}

static void waves_grow(void **state)
{
    (void)state;
    assert_int_equal(sample_wave(0, 4), 4); /* not worth waiting for */
    assert_int_equal(sample_wave(0, 5), 2);
    assert_int_equal(sample_wave(1, 90), 2);
    assert_int_equal(sample_wave(3, 90), 12);
    assert_int_equal(sample_wave(15, 90), 60);
    assert_int_equal(sample_wave(15, 50), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guess_of_many_pages_is_worth_a_day),
        cmocka_unit_test(the_newest_day_that_is_over_and_today),
        cmocka_unit_test(what_is_planned_is_left_out),
        cmocka_unit_test(waves_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
