#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/store/run_forecast.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795323600000) /* 2026-11-22 */

/* Slices of three days, each of six pages, asked for by somebody; a call takes half a second. */
static struct run_forecast forecast_of(int days)
{
    const struct settings settings = {.page_limit = 1000,
                                      .chunk_days = 3,
                                      .backfill_days = 90,
                                      .meta_calls_per_window = 200,
                                      .meta_window_seconds = 3600};
    struct plan_outlook o = {.call_ms = 500};
    struct run_forecast f;
    struct err e;
    date_t to = 0;
    assert_true(date_parse("2026-11-20", &to));
    o.run = (struct plan_run){.id = "r",
                              .kind = "metrics",
                              .provider = "meta",
                              .granularity = "day",
                              .timezone = "UTC",
                              .asked_from = to - days + 1,
                              .asked_to = to,
                              .backfill_days = -1,
                              .restate_days = -1,
                              .calls_per_window = -1,
                              .planned_from = DATE_NONE,
                              .rows_per_day = 1800};
    assert_int_equal(run_forecast(&o, &settings, NOW_MS, &f, &e), 0);
    return f;
}

static void what_somebody_waits_for_is_not_paced(void **state)
{
    const struct run_forecast f = forecast_of(48);
    (void)state;
    assert_int_equal(f.chunks, 1 + 16);
    assert_int_equal(f.calls, 1 + 16 * 6);
    assert_int_equal(f.seconds, 4); /* the totals, then six pages one after the other */
}

/* The burst is spent by the first 97 calls; then one comes each nine seconds. */
static void the_far_part_of_a_long_sync_keeps_the_pace(void **state)
{
    const struct run_forecast f = forecast_of(90);
    (void)state;
    assert_int_equal(f.chunks, 1 + 30);
    assert_int_equal(f.calls, 1 + 30 * 6);
    assert_int_equal(f.seconds, 14 * 6 * 9 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_somebody_waits_for_is_not_paced),
        cmocka_unit_test(the_far_part_of_a_long_sync_keeps_the_pace),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    zone_shutdown();
    return failed;
}
