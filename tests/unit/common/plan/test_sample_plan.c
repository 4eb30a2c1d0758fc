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

static void assert_left(date_t from, date_t to, int count, const struct day_span *left)
{
    struct day_span spans[4] = {{1, 3}, {5, 5}, {7, 9}};

    assert_int_equal(sample_without(spans, 3, (struct day_span){from, to}), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(spans[i].from, left[i].from);
        assert_int_equal(spans[i].to, left[i].to);
    }
}

static void days_are_taken_out_anywhere(void **state)
{
    (void)state;
    assert_left(2, 2, 4, (struct day_span[]){{1, 1}, {3, 3}, {5, 5}, {7, 9}});
    assert_left(1, 2, 3, (struct day_span[]){{3, 3}, {5, 5}, {7, 9}});
    assert_left(5, 5, 2, (struct day_span[]){{1, 3}, {7, 9}});
    assert_left(8, 9, 3, (struct day_span[]){{1, 3}, {5, 5}, {7, 7}});
    assert_left(6, 6, 3, (struct day_span[]){{1, 3}, {5, 5}, {7, 9}});
    assert_left(9, 10, 3, (struct day_span[]){{1, 3}, {5, 5}, {7, 9}});
    assert_left(DATE_NONE, DATE_NONE, 3, (struct day_span[]){{1, 3}, {5, 5}, {7, 9}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guess_of_many_pages_is_worth_a_day),
        cmocka_unit_test(the_newest_day_that_is_over_and_today),
        cmocka_unit_test(days_are_taken_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
