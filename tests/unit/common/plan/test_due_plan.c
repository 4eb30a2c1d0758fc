#include "common/plan/due_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static struct due_rules rules_of(const char *zone_name, uint32_t seed)
{
    struct due_rules r = {.nightly_at = 180, .intraday_minutes = 60, .spread_seed = seed};
    struct err e = {0};

    assert_int_equal(zone_get(zone_name, &r.zone, &e), 0);
    return r;
}

/* Minutes since midnight on the account's clock. */
static int wall_minute(const struct zone *z, int64_t at_ms)
{
    int64_t local_s = at_ms / 1000 + zone_offset_seconds(z, at_ms);

    return (int)(local_s / 60 % 1440);
}

static int64_t utc(const char *day, int hour, int minute)
{
    date_t date;

    assert_true(date_parse(day, &date));
    return date * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
}

/* A year of nights in each zone: every account day once, between 03:00 and 03:30 (a skipped 03:00 is the jump). */
static void test_nights(void **state)
{
    const char *const zones[] = {"Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "UTC",
                                 "Europe/Berlin",    "America/Santiago"};
    (void)state;

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct due_rules r = rules_of(zones[i], (uint32_t)i * 317);
        int64_t at = utc("2026-01-01", 0, 0), end = utc("2027-01-01", 0, 0);
        date_t last;

        r.intraday_minutes = 0;
        last = zone_day(r.zone, due_next(&r, at).at_ms) - 1;
        while (at < end) {
            struct due due = due_next(&r, at);
            int minute = wall_minute(r.zone, due.at_ms);

            assert_int_equal(due.kind, DUE_NIGHTLY);
            assert_true(due.at_ms > at);
            assert_int_equal(zone_day(r.zone, due.at_ms), last + 1);
            assert_in_range(minute, 180, 209);
            last++;
            at = due.at_ms;
        }
    }
}

static void test_clock_changes(void **state)
{
    struct due_rules r = rules_of("Europe/Berlin", 0);
    (void)state;

    r.intraday_minutes = 0;
    r.nightly_at = 150; /* 02:30 does not exist on 2026-03-29 and comes twice on 2026-10-25 */
    assert_int_equal(due_next(&r, utc("2026-03-28", 12, 0)).at_ms, utc("2026-03-29", 1, 0));
    assert_int_equal(due_next(&r, utc("2026-10-24", 12, 0)).at_ms, utc("2026-10-25", 0, 30));
    assert_int_equal(due_next(&r, utc("2026-10-25", 0, 30)).at_ms, utc("2026-10-26", 1, 30));
}

static void test_spread(void **state)
{
    int64_t first = INT64_MAX, last = 0;
    (void)state;

    for (uint32_t seed = 0; seed < 5000; seed++) {
        struct due_rules r = rules_of("UTC", seed * 2654435761U);
        int64_t at;

        r.intraday_minutes = 0;
        at = due_next(&r, utc("2026-05-01", 12, 0)).at_ms;
        first = at < first ? at : first;
        last = at > last ? at : last;
    }
    assert_true(first >= utc("2026-05-02", 3, 0) && first < utc("2026-05-02", 3, 1));
    assert_true(last < utc("2026-05-02", 3, 30) && last > utc("2026-05-02", 3, 29));
}

static void test_intraday(void **state)
{
    struct due_rules r = rules_of("UTC", 90); /* 90 s after the hour */
    int64_t at = utc("2026-05-01", 4, 0);
    int nights = 0, ticks = 0;
    (void)state;

    while (at < utc("2026-05-02", 4, 0)) {
        struct due due = due_next(&r, at);

        assert_true(due.at_ms > at && due.at_ms - at <= HOUR_MS);
        assert_int_equal(due.at_ms % HOUR_MS, 90 * 1000);
        nights += due.kind == DUE_NIGHTLY;
        ticks++;
        at = due.at_ms;
    }
    assert_int_equal(nights, 1); /* where both meet, the nightly one */
    assert_int_equal(ticks, 25);
}

static void test_missed_ticks_run_once(void **state)
{
    struct due_rules r = rules_of("UTC", 0);
    int64_t stored = utc("2026-05-01", 2, 0);
    (void)state;

    assert_int_equal(due_kind_at(&r, stored, stored), DUE_INTRADAY);
    assert_int_equal(due_kind_at(&r, stored, utc("2026-05-01", 2, 59)), DUE_INTRADAY);
    assert_int_equal(due_kind_at(&r, stored, utc("2026-05-01", 3, 0)), DUE_NIGHTLY);
    assert_int_equal(due_kind_at(&r, stored, utc("2026-05-03", 9, 0)), DUE_NIGHTLY);
    assert_int_equal(due_kind_at(&r, utc("2026-05-01", 3, 0), utc("2026-05-01", 3, 0)), DUE_NIGHTLY);
    assert_int_equal(due_kind_at(&r, utc("2026-05-01", 4, 0), utc("2026-05-01", 5, 0)), DUE_INTRADAY);
    assert_int_equal(due_next(&r, utc("2026-05-03", 9, 0)).at_ms, utc("2026-05-03", 10, 0));
    r.intraday_minutes = 0; /* switched off after the time was stored */
    assert_int_equal(due_kind_at(&r, stored, stored), DUE_NIGHTLY);
}

/* No stored time is ever taken for one of a clock that ran ahead. */
static void test_astray(void **state)
{
    const char *const zones[] = {"Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin"};
    (void)state;

    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        for (int64_t at = utc("2026-01-01", 0, 0); at < utc("2027-01-01", 0, 0); at += 7 * MINUTE_MS) {
            struct due_rules r = rules_of(zones[i], 1799);

            r.intraday_minutes = 0;
            assert_false(due_is_astray(due_next(&r, at).at_ms, at));
        }
    }
    assert_false(due_is_astray(DUE_AHEAD_MAX_MS, 0));
    assert_true(due_is_astray(DUE_AHEAD_MAX_MS + 1, 0));
}

static int shutdown_zones(void **state)
{
    (void)state;
    zone_shutdown();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nights),   cmocka_unit_test(test_clock_changes),         cmocka_unit_test(test_spread),
        cmocka_unit_test(test_intraday), cmocka_unit_test(test_missed_ticks_run_once), cmocka_unit_test(test_astray),
    };
    return cmocka_run_group_tests(tests, NULL, shutdown_zones);
}
