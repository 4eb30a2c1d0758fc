#include "cli/progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *line(const struct progress_state *now, int64_t left_ms, bool bar)
{
    static struct buf text;
    buf_free(&text);
    buf_init(&text, 512);
    progress_line(&text, now, left_ms, bar);
    assert_false(text.overflow);
    return buf_str(&text);
}

static void test_lines(void **state)
{
    (void)state;
    const struct progress_state half = {.status = "running", .done = 2, .total = 4, .rows = 1234567, .calls = 18};
    assert_string_equal(line(&half, -1, false), "running  2/4 chunks  1,234,567 rows  18 calls");
    assert_string_equal(line(&half, 41001, true),
                        "[############------------] running  2/4 chunks  1,234,567 rows  18 calls  0:42 left");
    assert_string_equal(line(&half, 3723000, false), "running  2/4 chunks  1,234,567 rows  18 calls  1:02:03 left");
    const struct progress_state none = {.status = "queued"};
    assert_string_equal(line(&none, -1, true), "[------------------------] queued  0/0 chunks  0 rows  0 calls");
    const struct progress_state all = {.status = "succeeded", .done = 4, .total = 4, .rows = 999, .calls = 1000};
    assert_string_equal(line(&all, 0, true),
                        "[########################] succeeded  4/4 chunks  999 rows  1,000 calls  0:00 left");
}

static void test_time_left(void **state)
{
    (void)state;
    struct progress_state now = {.status = "running", .done = 3, .total = 9};
    assert_int_equal(progress_left_ms(&now, 0, 3000), 6000);
    /* Watching began when one was done: the pace is that of the two since. */
    assert_int_equal(progress_left_ms(&now, 1, 3000), 9000);
    assert_int_equal(progress_left_ms(&now, 3, 3000), -1);
    now = (struct progress_state){.status = "running", .done = 1, .total = 1};
    assert_int_equal(progress_left_ms(&now, 0, 3000), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_time_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
