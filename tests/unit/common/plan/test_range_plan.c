#include "common/plan/range_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MAX = 100, TODAY = 20400, DAYS = 40 };
#define HOUR_MS ((int64_t)60 * 60 * 1000)
#define NOW_MS ((int64_t)TODAY * 24 * HOUR_MS + 10 * HOUR_MS)

static struct range_rules rules = {
    .today = TODAY,
    .now_ms = NOW_MS,
    .oldest = TODAY - 1126,
    .backfill_days = 30,
    .restate_days = 7,
};

static int in_utc(void **state)
{
    (void)state;
    return zone_get("UTC", &rules.zone, NULL);
}

static int no_zones(void **state)
{
    (void)state;
    zone_shutdown();
    return 0;
}

/* `count` days that end with TODAY - 1 + through, all read at read_at_ms. */
static int all_known(struct day_known *known, int count, int through, int64_t read_at_ms)
{
    for (int i = 0; i < count; i++)
        known[i] = (struct day_known){.day = TODAY - count + through + i, .read_at_ms = read_at_ms};
    return count;
}

static void assert_span(const struct day_span *s, int from, int to)
{
    assert_int_equal(s->from, TODAY + from);
    assert_int_equal(s->to, TODAY + to);
}

static void test_first_time(void **state)
{
    struct day_span out[MAX];
    (void)state;

    assert_int_equal(range_default(&rules, NULL, 0, out, MAX), 1);
    assert_span(&out[0], -30, 0);
}

static void test_all_fresh(void **state)
{
    struct day_known known[DAYS];
    struct day_span out[MAX];
    int count = all_known(known, 31, 1, NOW_MS - HOUR_MS);
    (void)state;

    assert_int_equal(range_default(&rules, known, count, out, MAX), 1);
    assert_span(&out[0], 0, 0);
}

/* A connection that was paused for 20 days, 60 days after it had been made, and one for longer than it reaches back. */
static void test_days_that_were_not_final_are_read_once_more(void **state)
{
    static struct day_known known[91];
    struct day_span out[MAX];
    int count = all_known(known, 61, -19, NOW_MS - (int64_t)20 * 24 * HOUR_MS);
    (void)state;

    /* Day -20 was running, and the six before it might still be restated. */
    assert_int_equal(range_default(&rules, known, count, out, MAX), 1);
    assert_span(&out[0], -26, 0);
    for (int i = 0; i < count; i++) { /* read since */
        if (known[i].day >= TODAY - 26)
            known[i].read_at_ms = NOW_MS - 8 * HOUR_MS;
    }
    assert_int_equal(range_default(&rules, known, count, out, MAX), 1);
    assert_span(&out[0], -19, 0); /* never read before */
    count = all_known(known, 31, -49, NOW_MS - (int64_t)50 * 24 * HOUR_MS);
    assert_int_equal(range_default(&rules, known, count, out, MAX), 2);
    assert_span(&out[0], -56, -50);
    assert_span(&out[1], -30, 0);
    rules.oldest = TODAY - 52;
    assert_int_equal(range_default(&rules, known, count, out, MAX), 2);
    assert_span(&out[0], -52, -50);
    rules.oldest = TODAY - 1126;
}

static void test_without_restatement_a_day_is_read_once_when_it_is_over(void **state)
{
    struct day_known known[DAYS];
    struct day_span out[MAX];
    int count = all_known(known, 31, 1, NOW_MS - 11 * HOUR_MS); /* an hour before midnight */
    (void)state;

    rules.restate_days = 0;
    assert_int_equal(range_default(&rules, known, count, out, MAX), 1);
    assert_span(&out[0], -1, 0);
    known[count - 2].read_at_ms = NOW_MS - 9 * HOUR_MS;
    assert_int_equal(range_default(&rules, known, count, out, MAX), 1);
    assert_span(&out[0], 0, 0);
    rules.restate_days = 7;
}

static void test_restated(void **state)
{
    struct day_known known[DAYS];
    struct day_span out[MAX];
    int count = all_known(known, 31, 1, NOW_MS - 6 * HOUR_MS);
    (void)state;

    assert_int_equal(range_default(&rules, known, count, out, MAX), 1);
    assert_span(&out[0], -7, 0);
}

static void test_forced(void **state)
{
    struct range_rules forced = rules;
    struct day_known known[DAYS];
    struct day_span out[MAX];
    int count = all_known(known, 31, 1, NOW_MS - HOUR_MS);
    (void)state;

    forced.force = true;
    assert_int_equal(range_default(&forced, known, count, out, MAX), 1);
    assert_span(&out[0], -7, 0);
}

static void test_gaps(void **state)
{
    struct day_known known[DAYS];
    struct day_span out[MAX];
    int count = all_known(known, 30, 0, NOW_MS - HOUR_MS);
    (void)state;

    known[3].read_at_ms = 0; /* TODAY - 27: planned once, never stored */
    known[10].day = TODAY - 20;
    for (int i = 10; i + 1 < count; i++) /* TODAY - 20 is not known at all */
        known[i] = known[i + 1];
    assert_int_equal(range_default(&rules, known, count - 1, out, MAX), 3);
    assert_span(&out[0], -27, -27);
    assert_span(&out[1], -20, -20);
    assert_span(&out[2], 0, 0);
    assert_int_equal(range_default(&rules, known, count - 1, out, 2), -1);
}

/* At 02:00 yesterday's last reading, at 23:00, is three hours old and of a running day. */
static void test_yesterday_read_while_it_ran(void **state)
{
    struct range_rules night = rules;
    struct day_known known[DAYS];
    struct day_span out[MAX];
    int count = all_known(known, 30, 0, NOW_MS - 11 * HOUR_MS);
    (void)state;

    night.now_ms = NOW_MS - 8 * HOUR_MS;
    assert_int_equal(range_default(&night, known, count, out, MAX), 1);
    assert_span(&out[0], -1, 0);
}

/* Days older than the backfill are never fetched anew, but restated when they are stored. */
static void test_backfill_shorter_than_restatement(void **state)
{
    struct range_rules brief = rules;
    const struct day_known known[] = {{TODAY - 6, 1000}, {TODAY - 4, 1000}};
    struct day_span out[MAX];
    (void)state;

    brief.backfill_days = 2;
    assert_int_equal(range_default(&brief, known, 2, out, MAX), 3);
    assert_span(&out[0], -6, -6);
    assert_span(&out[1], -4, -4);
    assert_span(&out[2], -2, 0);
}

static date_t day(const char *text)
{
    date_t out;

    assert_true(date_parse(text, &out));
    return out;
}

static void test_oldest(void **state)
{
    (void)state;
    assert_int_equal(range_oldest(day("2026-11-22"), 37), day("2023-10-23"));
    assert_int_equal(range_oldest(day("2027-03-31"), 37), day("2024-03-01")); /* 2024-02-29 and a day */
    assert_int_equal(range_oldest(day("2026-03-31"), 37), day("2023-03-01"));
}

static void test_check(void **state)
{
    struct err e = {0};
    const date_t today = day("2026-11-22");
    (void)state;

    assert_int_equal(range_check(day("2026-11-01"), today, today, 37, &e), 0);
    assert_int_equal(range_check(day("2023-10-23"), day("2023-10-23"), today, 37, &e), 0);
    assert_int_equal(range_check(day("2026-11-10"), day("2026-11-01"), today, 37, &e), ERR_INPUT);
    assert_string_equal(e.text, "from: 2026-11-10 is after to, 2026-11-01");
    assert_int_equal(range_check(day("2026-11-10"), day("2026-11-23"), today, 37, &e), ERR_INPUT);
    assert_string_equal(e.text, "to: 2026-11-23 is in the future; the account's today is 2026-11-22");
    assert_int_equal(range_check(day("2023-10-22"), day("2023-11-01"), today, 37, &e), ERR_INPUT);
    assert_string_equal(e.text, "from: 2023-10-22 is older than the provider keeps; the oldest day is 2023-10-23");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_time),
        cmocka_unit_test(test_all_fresh),
        cmocka_unit_test(test_days_that_were_not_final_are_read_once_more),
        cmocka_unit_test(test_without_restatement_a_day_is_read_once_when_it_is_over),
        cmocka_unit_test(test_restated),
        cmocka_unit_test(test_forced),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_yesterday_read_while_it_ran),
        cmocka_unit_test(test_backfill_shorter_than_restatement),
        cmocka_unit_test(test_oldest),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, in_utc, no_zones);
}
