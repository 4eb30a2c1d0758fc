#include "common/plan/forecast.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR ((int64_t)3600 * 1000)
#define WINDOW (HOUR + HOUR / 60)

static void assert_wait(const struct forecast_scope *s, int64_t calls, int64_t first, int64_t last)
{
    struct forecast_wait w = forecast_wait(s, (struct forecast_calls){.high = calls});
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

/* A quarter at once, then one each 9 s (half of the mean distance), a twentieth left free. */
static void what_nobody_waits_for_keeps_the_pace(void **state)
{
    const struct forecast_made made[] = {{10000, 40}};
    const struct forecast_scope s = {.limit = 200, .window_ms = HOUR};
    const struct forecast_scope later = {.limit = 200, .window_ms = HOUR, .made = made, .made_count = 1};
    const struct {
        int64_t high, others, last;
    } cases[] = {{0, 50, 0},       {0, 51, 9000},           {0, 190, 1260000},   {0, 191, WINDOW},
                 {50, 1, 9000},    {100, 1, 9000},          {200, 1, WINDOW},    {0, 240, WINDOW},
                 {190, 1, WINDOW}, {0, 241, WINDOW + 9000}, {0, 381, 2 * WINDOW}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct forecast_wait w =
            forecast_wait(&s, (struct forecast_calls){.high = cases[i].high, .others = cases[i].others});
        assert_int_equal(w.last_ms, cases[i].last);
        assert_int_equal(w.first_ms, 0);
    }
    assert_int_equal(forecast_wait(&later, (struct forecast_calls){.others = 11}).last_ms, 0);
    assert_int_equal(forecast_wait(&later, (struct forecast_calls){.others = 12}).last_ms, 8000);
    /* Small windows have no pace to speak of. */
    assert_int_equal(
        forecast_wait(&(struct forecast_scope){.limit = 20, .window_ms = HOUR}, (struct forecast_calls){.others = 19})
            .last_ms,
        0);
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
        cmocka_unit_test(what_nobody_waits_for_keeps_the_pace),
        cmocka_unit_test(the_stricter_of_two_counts),
        cmocka_unit_test(even_nothing_costs_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
