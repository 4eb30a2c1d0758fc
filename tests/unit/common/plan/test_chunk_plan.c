#include "common/plan/chunk_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX = 200 };

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(chunk_width(7, 1000, 100000, 0), 7); /* fixed */
    assert_int_equal(chunk_width(0, 1000, 0, 0), 7);      /* nothing known */
    assert_int_equal(chunk_width(0, 1000, 5, 0), 30);
    assert_int_equal(chunk_width(0, 1000, 100, 0), 30);
    assert_int_equal(chunk_width(0, 1000, 1000, 0), 20);
    assert_int_equal(chunk_width(0, 1000, 10000, 0), 2);
    assert_int_equal(chunk_width(0, 1000, 1000000, 0), 1);
    assert_int_equal(chunk_width(0, 25, 1000000, 0), 1);
    /* Slices that fit into a window beside others. */
    assert_int_equal(chunk_width(0, 1000, 1000, 200), 20);
    assert_int_equal(chunk_width(0, 1000, 1000, 40), 20);
    assert_int_equal(chunk_width(0, 1000, 1000, 20), 9);
    assert_int_equal(chunk_width(0, 1000, 1000, 3), 1);
    assert_int_equal(chunk_width(0, 1000, 100, 3), 9);
}

static void check_covers(const struct day_span *spans, int count, const struct day_span *out, int chunks, int longest)
{
    date_t to = spans[count - 1].to;
    int64_t days = 0;

    for (int i = 0; i < chunks; i++) {
        assert_true(out[i].from <= out[i].to);
        assert_true(out[i].to <= to); /* newest first, no day twice */
        assert_true(out[i].to - out[i].from < longest);
        days += out[i].to - out[i].from + 1;
        to = out[i].from - 1;
    }
    for (int i = 0; i < count; i++)
        days -= spans[i].to - spans[i].from + 1;
    assert_int_equal(days, 0);
}

static void test_first_sync(void **state)
{
    const struct day_span spans[] = {{20000, 20090}}; /* 90 days and today */
    struct day_span out[MAX];
    (void)state;

    assert_int_equal(chunk_plan(spans, 1, 30, true, out, MAX), 3);
    check_covers(spans, 1, out, 3, 33);
    assert_int_equal(out[0].to, 20090);
    assert_int_equal(out[0].from, 20061);
    assert_int_equal(out[2].from, 20000); /* 31 days */
    assert_int_equal(chunk_plan(spans, 1, 30, false, out, MAX), 4);
    check_covers(spans, 1, out, 4, 30);
    assert_int_equal(chunk_plan(spans, 1, 7, true, out, MAX), 13);
    check_covers(spans, 1, out, 13, 7);
}

static void test_ninety_days_of_seven(void **state)
{
    const struct day_span spans[] = {{20000, 20089}};
    struct day_span out[MAX];
    (void)state;

    assert_int_equal(chunk_plan(spans, 1, 7, false, out, MAX), 13);
    check_covers(spans, 1, out, 13, 7);
    assert_int_equal(out[12].to - out[12].from + 1, 6);
}

static void test_adjacent_spans_join(void **state)
{
    const struct day_span spans[] = {{10, 12}, {13, 13}, {14, 20}, {30, 30}};
    struct day_span out[MAX];
    (void)state;

    assert_int_equal(chunk_plan(spans, 4, 30, true, out, MAX), 2);
    assert_int_equal(out[0].from, 30);
    assert_int_equal(out[1].from, 10);
    assert_int_equal(out[1].to, 20);
}

static void test_room(void **state)
{
    const struct day_span spans[] = {{1, 10}};
    struct day_span out[10];
    (void)state;

    assert_int_equal(chunk_plan(spans, 1, 1, false, out, 10), 10);
    assert_int_equal(chunk_plan(spans, 1, 1, false, out, 9), -1);
    assert_int_equal(chunk_plan(spans, 0, 1, false, out, 10), 0);
}

/* Calls that a backfill of 90 days costs: at most 1.05 * ceil(rows / limit) + 2, with today as well. */
static void test_calls(void **state)
{
    const int ads[] = {5, 100, 250, 1000, 10000};
    (void)state;

    for (size_t a = 0; a < sizeof ads / sizeof ads[0]; a++) {
        for (int days = 90; days <= 91; days++) {
            const struct day_span spans[] = {{0, days - 1}};
            struct day_span out[MAX];
            int chunks = chunk_plan(spans, 1, chunk_width(0, 1000, ads[a], 200), true, out, MAX);
            int64_t calls = 0, full = ((int64_t)ads[a] * days + 999) / 1000;

            for (int i = 0; i < chunks; i++)
                calls += ((int64_t)ads[a] * (out[i].to - out[i].from + 1) + 999) / 1000;
            assert_true(calls * 100 <= 105 * full + 200);
            if (ads[a] == 100)
                assert_int_equal(calls, days == 90 ? 9 : 10);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_first_sync),
        cmocka_unit_test(test_ninety_days_of_seven),
        cmocka_unit_test(test_adjacent_spans_join),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
