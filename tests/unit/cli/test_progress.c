#include "cli/progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *line(const struct progress_state *now, bool bar)
{
    static struct buf text;
    buf_free(&text);
    buf_init(&text, 512);
    progress_line(&text, now, bar);
    assert_false(text.overflow);
    return buf_str(&text);
}

static void test_lines(void **state)
{
    (void)state;
    struct progress_state half = {.status = "running", .done = 2, .total = 4, .rows = 1234567, .calls = 18};
    half.calls_left = half.left_ms = -1;
    assert_string_equal(line(&half, false), "running  2/4 chunks  1,234,567 rows  18 calls");
    half.calls_left = 1009;
    half.left_ms = 41001;
    assert_string_equal(line(&half, true), "[############------------] running  2/4 chunks  1,234,567 rows  18 calls, "
                                           "1,009 left  0:42 left");
    half.left_ms = 3723000;
    half.resumes = "14:05";
    assert_string_equal(line(&half, false),
                        "running  2/4 chunks  1,234,567 rows  18 calls, 1,009 left  1:02:03 left  resumes at 14:05");
    const struct progress_state none = {.status = "queued", .calls_left = -1, .left_ms = -1};
    assert_string_equal(line(&none, true), "[------------------------] queued  0/0 chunks  0 rows  0 calls");
    const struct progress_state all = {
        .status = "succeeded", .done = 4, .total = 4, .rows = 999, .calls = 1000, .calls_left = -1, .left_ms = -1};
    assert_string_equal(line(&all, true), "[########################] succeeded  4/4 chunks  999 rows  1,000 calls");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
