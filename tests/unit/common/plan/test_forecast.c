#include "common/plan/forecast.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR ((int64_t)3600 * 1000)
#define WINDOW (HOUR + HOUR / 60)

static void assert_wait(const struct forecast_scope *s, int64_t calls, int64_t first, int64_t last)
{
    struct forecast_wait w = forecast_wait(s, calls);
    assert_int_equal(w.first_ms, first);
    assert_int_equal(w.last_ms, last);
}

static void an_empty_window_is_spent_at_once_and_then_again(void **state)
{
    const struct forecast_scope s = {.limit = 200, .window_ms = HOUR};
    (void)state;
    assert_wait(&s, 1, 0, 0);
    assert_wait(&s, 200, 0, 0);
    assert_wait(&s, 201, 0, WINDOW);
    assert_wait(&s, 1300, 0, 6 * WINDOW);
    assert_wait(&(struct forecast_scope){.limit = 0, .window_ms = HOUR}, 1000000, 0, 0);
}

static void calls_come_free_as_older_ones_leave(void **state)
{
    const struct forecast_made made[] = {{WINDOW - 1000, 5}, {60000, 10}};
    const struct forecast_scope s = {.limit = 20, .window_ms = HOUR, .made = made, .made_count = 2};
    (void)state;
    assert_wait(&s, 5, 0, 0);
    assert_wait(&s, 10, 0, 1000);
    assert_wait(&s, 11, 0, WINDOW - 60000);
    assert_wait(&s, 20, 0, WINDOW - 60000);
    assert_wait(&s, 21, 0, WINDOW);
    const struct forecast_scope full = {.limit = 15, .window_ms = HOUR, .made = made, .made_count = 2};
    assert_wait(&full, 1, 1000, 1000);
    /* A limit that was lowered: more than it is in the window. */
    const struct forecast_scope lowered = {.limit = 3, .window_ms = HOUR, .made = made, .made_count = 2};
    assert_wait(&lowered, 3, WINDOW - 60000, WINDOW - 60000);
}

static void the_stricter_of_two_counts(void **state)
{
    struct forecast_wait w =
        forecast_both((struct forecast_wait){5, 10}, (struct forecast_wait){.first_ms = 1, .last_ms = 20});
    (void)state;
    assert_int_equal(w.first_ms, 5);
    assert_int_equal(w.last_ms, 20);
}

static void even_nothing_costs_a_call(void **state)
{
    (void)state;
    assert_int_equal(forecast_pages(0, 1000), 1);
    assert_int_equal(forecast_pages(1000, 1000), 1);
    assert_int_equal(forecast_pages(1001, 1000), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_window_is_spent_at_once_and_then_again),
        cmocka_unit_test(calls_come_free_as_older_ones_leave),
        cmocka_unit_test(the_stricter_of_two_counts),
        cmocka_unit_test(even_nothing_costs_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
