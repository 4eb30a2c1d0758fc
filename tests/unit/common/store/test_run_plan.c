#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/store/run_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR_MS ((int64_t)60 * 60 * 1000)
/* 2026-11-22 05:00 UTC: the 21st in Los Angeles and Pago Pago, the 22nd in Auckland. */
#define NOW_MS INT64_C(1795323600000)
#define ADS 100

static struct settings settings;
static struct day_span chunks[RUN_CHUNKS_MAX];
static struct day_known known[KNOWN_DAYS];
static struct plan_write plan;
static struct err problem;

static int setup(void **state)
{
    (void)state;
    settings = (struct settings){.backfill_days = 90, .restate_days = 28, .page_limit = 1000};
    problem = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zone_shutdown();
    return 0;
}

static struct plan_run new_run(const char *kind, const char *zone)
{
    struct plan_run run = {.id = "r",
                           .provider = "meta",
                           .granularity = "day",
                           .asked_from = DATE_NONE,
                           .asked_to = DATE_NONE,
                           .backfill_days = -1,
                           .restate_days = -1,
                           .rows_per_day = ADS,
                           .rows_learned = true,
                           .calls_per_window = -1,
                           .planned_from = DATE_NONE,
                           .planned = PLANNED_FIRST};
    assert_true(str_copy(run.kind, sizeof run.kind, kind));
    assert_true(str_copy(run.timezone, sizeof run.timezone, zone));
    return run;
}

static int planned(const struct plan_run *run)
{
    return run_plan(run, &settings, NOW_MS, chunks, &plan, &problem);
}

/* All waves, one after the other, as if what they taught were what was thought. */
static int planned_whole(const struct plan_run *first)
{
    static struct day_span whole[RUN_CHUNKS_MAX];
    struct plan_run run = *first;
    int count = 0, rc;
    do {
        rc = planned(&run);
        for (int i = 0; rc == 0 && i < plan.chunk_count; i++) {
            run.planned_from = chunks[i].from;
            whole[count++] = chunks[i];
        }
        run.planned_chunks = count;
        run.planned = plan.stage;
    } while (rc == 0 && plan.stage != PLANNED_ALL);
    memcpy(chunks, whole, (size_t)count * sizeof *whole);
    plan.chunk_count = count;
    return rc;
}

static date_t today_in(const char *zone)
{
    const struct zone *z = NULL;
    assert_int_equal(zone_get(zone, &z, NULL), 0);
    return zone_day(z, NOW_MS);
}

/* The chunks are newest first, without a gap or an overlap, and cover just these days. */
static void assert_covers(date_t from, date_t to)
{
    date_t next = to;
    for (int i = 0; i < plan.chunk_count; i++) {
        assert_int_equal(chunks[i].to, next);
        assert_true(chunks[i].from <= chunks[i].to);
        next = chunks[i].from - 1;
    }
    assert_int_equal(next, from - 1);
}

/* All days of the last `days` and today so far, read `age_ms` ago. */
static void know(struct plan_run *run, int days, int64_t age_ms)
{
    const date_t today = today_in(run->timezone);
    for (int i = 0; i <= days; i++)
        known[i] = (struct day_known){.day = today - days + i, .read_at_ms = NOW_MS - age_ms};
    run->known = known;
    run->known_count = days + 1;
}

static void entities_and_totals_come_first(void **state)
{
    (void)state;
    struct plan_run run = new_run("full", "UTC");
    const date_t today = today_in("UTC");
    run.planned = PLANNED_NOTHING;
    assert_int_equal(planned(&run), 0);
    assert_true(plan.entities);
    assert_int_equal(plan.stage, PLANNED_FIRST);
    assert_int_equal(plan.totals.from, today - 90);
    assert_int_equal(plan.totals.to, today);
    assert_int_equal(plan.chunk_count, 0);
    run = new_run("entities", "UTC");
    run.planned = PLANNED_NOTHING;
    assert_int_equal(planned(&run), 0);
    assert_true(plan.entities);
    assert_int_equal(plan.totals.from, DATE_NONE);
    assert_int_equal(plan.stage, PLANNED_ALL);
    run = new_run("metrics", "UTC");
    run.planned = PLANNED_NOTHING;
    assert_int_equal(planned(&run), 0);
    assert_false(plan.entities);
    assert_int_equal(plan.stage, PLANNED_FIRST);
    assert_int_equal(plan.totals.from, today - 90);
    run.planned = PLANNED_FIRST;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.was, PLANNED_FIRST);
    assert_int_equal(plan.stage, PLANNED_ALL);
    assert_int_equal(plan.totals.from, DATE_NONE);
    assert_true(plan.chunk_count > 0);
}

static void a_running_day_is_not_compared(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "UTC");
    run.planned = PLANNED_NOTHING;
    run.asked_from = run.asked_to = today_in("UTC");
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.totals.from, DATE_NONE);
    assert_int_equal(plan.stage, PLANNED_ALL);
    assert_int_equal(plan.chunk_count, 1);
    run.asked_from--;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.totals.from, run.asked_from);
    assert_int_equal(plan.totals.to, run.asked_to);
    assert_int_equal(plan.chunk_count, 0);
}

static void the_first_time_is_ninety_days_and_today_in_three_chunks(void **state)
{
    static const char *const zones[] = {"UTC", "America/Los_Angeles", "Pacific/Auckland", "Pacific/Pago_Pago",
                                        "Asia/Kathmandu"};
    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct plan_run run = new_run("full", zones[i]);
        const date_t today = today_in(zones[i]);
        assert_int_equal(planned(&run), 0);
        assert_string_equal(plan.run_id, "r");
        assert_null(plan.refused);
        assert_covers(today - 90, today);
        /* 100 rows a day: as wide as a chunk may be, and today joins its neighbours. */
        assert_int_equal(plan.chunk_count, 3);
    }
    assert_int_equal(today_in("Pacific/Auckland") - today_in("America/Los_Angeles"), 1);
}

static void the_width_follows_the_accounts_size(void **state)
{
    static const struct {
        int64_t rows_per_day, chunk_days;
        int chunks;
    } cases[] = {
        {0, 0, 13},     /* unknown: a week */
        {10, 0, 3},     /* 30 days at most */
        {2000, 0, 9},   /* ten days, today joins */
        {20000, 0, 91}, /* a day each */
        {90000, 0, 91}, {100, 7, 13}, {100, 30, 4}, {100, 1, 91}, {100, 400, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan_run run = new_run("metrics", "UTC");
        run.rows_per_day = cases[i].rows_per_day;
        settings.chunk_days = cases[i].chunk_days;
        assert_int_equal(planned_whole(&run), 0);
        assert_int_equal(plan.chunk_count, cases[i].chunks);
        assert_covers(today_in("UTC") - 90, today_in("UTC"));
    }
}

static void later_only_what_may_be_restated_is_read_again(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "Europe/Berlin");
    const date_t today = today_in(run.timezone);
    know(&run, 90, 24 * HOUR_MS);
    assert_int_equal(planned(&run), 0);
    assert_covers(today - 28, today);
    assert_int_equal(plan.chunk_count, 1);
}

static void what_was_read_lately_is_read_again_only_when_forced(void **state)
{
    (void)state;
    /* 05:00, read an hour ago: today goes on; yesterday was over by then. */
    struct plan_run run = new_run("metrics", "UTC");
    const date_t today = today_in("UTC");
    know(&run, 90, HOUR_MS);
    assert_int_equal(planned(&run), 0);
    assert_covers(today, today);
    run.force = true;
    assert_int_equal(planned(&run), 0);
    assert_covers(today - 28, today);
}

static void a_day_that_was_running_when_it_was_read_is_read_again(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "Atlantic/Cape_Verde"); /* there it is 04:00 */
    const date_t today = today_in(run.timezone);
    know(&run, 90, 5 * HOUR_MS);
    assert_int_equal(planned(&run), 0);
    assert_covers(today - 1, today);
    know(&run, 90, 3 * HOUR_MS);
    assert_int_equal(planned(&run), 0);
    assert_covers(today, today);
}

static void the_connections_own_settings_come_first(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "UTC");
    const date_t today = today_in("UTC");
    run.backfill_days = 10;
    run.restate_days = 3;
    assert_int_equal(planned(&run), 0);
    assert_covers(today - 10, today);
    know(&run, 10, 24 * HOUR_MS);
    assert_int_equal(planned(&run), 0);
    assert_covers(today - 3, today);
    run.restate_days = 0; /* yesterday was running when it was read */
    assert_int_equal(planned(&run), 0);
    assert_covers(today - 1, today);
}

static void a_backfill_ends_where_the_provider_does(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "UTC");
    const date_t today = today_in("UTC");
    run.backfill_days = 5000;
    assert_int_equal(planned_whole(&run), 0);
    assert_covers(date_add_months(today, -37) + 1, today);
    assert_true(str_copy(run.granularity, sizeof run.granularity, "hour"));
    assert_int_equal(planned_whole(&run), 0);
    assert_covers(date_add_months(today, -13) + 1, today);
}

/* 10,000 ads are known; how many deliver is not. Yesterday says it, and is not read twice. */
static void a_big_unknown_account_reads_yesterday_alone_first(void **state)
{
    (void)state;
    struct plan_run run = new_run("full", "UTC");
    const date_t today = today_in("UTC");
    run.rows_per_day = 10000;
    run.rows_learned = false;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.was, PLANNED_FIRST);
    assert_int_equal(plan.stage, PLANNED_SAMPLE);
    assert_covers(today - 1, today);
    run.planned = PLANNED_SAMPLE;
    run.planned_from = today - 1;
    run.planned_chunks = 1;
    run.rows_per_day = 50;
    run.rows_learned = true;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_ALL);
    assert_int_equal(plan.chunk_count, 3);
    assert_covers(today - 90, today - 2);
    /* Its sample was given up: what is left is planned by the guess. */
    run.rows_per_day = 10000;
    run.rows_learned = false;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_SAMPLE);
    assert_int_equal(plan.chunk_count, 2);
    assert_int_equal(chunks[0].to, today - 2);
    /* Two of these have been read. */
    run.planned_from = chunks[1].from;
    run.planned_chunks = 3;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_SAMPLE);
    assert_int_equal(plan.chunk_count, 12);
    assert_int_equal(chunks[0].to, run.planned_from - 1);
}

static void a_sample_is_not_taken_where_it_teaches_nothing(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "UTC");
    run.rows_learned = false; /* 100 ads, 91 days: ten pages at most */
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_ALL);
    run.rows_per_day = 90000;
    run.asked_from = run.asked_to = date_from_civil(2026, 10, 1);
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_ALL);
    settings.chunk_days = 7;
    run.asked_from = date_from_civil(2026, 7, 1);
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_ALL);
    settings.chunk_days = 0;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.stage, PLANNED_SAMPLE);
    assert_covers(run.asked_to, run.asked_to);
}

static void gaps_become_chunks_of_their_own(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "UTC");
    const date_t today = today_in("UTC");
    know(&run, 90, HOUR_MS);
    known[10].read_at_ms = 0;
    known[11].read_at_ms = 0;
    known[50].read_at_ms = 0;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.chunk_count, 3);
    assert_int_equal(chunks[0].from, today);
    assert_int_equal(chunks[1].from, today - 40);
    assert_int_equal(chunks[1].to, today - 40);
    assert_int_equal(chunks[2].from, today - 80);
    assert_int_equal(chunks[2].to, today - 79);
}

static void an_explicit_range_is_always_read(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "UTC");
    run.asked_from = date_from_civil(2026, 10, 1);
    run.asked_to = date_from_civil(2026, 10, 31);
    assert_int_equal(planned(&run), 0);
    assert_covers(run.asked_from, run.asked_to);
    assert_int_equal(plan.chunk_count, 1);
    run.asked_to = run.asked_from;
    assert_int_equal(planned(&run), 0);
    assert_covers(run.asked_from, run.asked_from);
    /* All that Meta keeps, a day each; what was in time when it was asked for may be no more. */
    const date_t oldest = date_add_months(today_in("UTC"), -37) + 1;
    run.asked_from = oldest - 3;
    settings.chunk_days = 1;
    assert_int_equal(planned(&run), 0);
    assert_covers(oldest, run.asked_to);
    run.asked_to = oldest - 1;
    assert_int_equal(planned(&run), 0);
    assert_int_equal(plan.chunk_count, 0);
    assert_int_equal(plan.stage, PLANNED_ALL);
}

static void what_cannot_be_planned_says_why(void **state)
{
    (void)state;
    struct plan_run run = new_run("metrics", "No/Such_Zone");
    assert_int_equal(planned(&run), ERR_INPUT);
    assert_non_null(strstr(problem.text, "No/Such_Zone"));
    run = new_run("metrics", "UTC");
    settings.chunk_days = 1;
    assert_true(str_copy(run.provider, sizeof run.provider, "keeps all"));
    run.asked_from = 0;
    run.asked_to = RUN_CHUNKS_MAX; /* one day too many */
    assert_int_equal(planned(&run), ERR_LIMIT);
    assert_string_equal(plan.run_id, "r");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(entities_and_totals_come_first),
        CASE(a_running_day_is_not_compared),
        CASE(the_first_time_is_ninety_days_and_today_in_three_chunks),
        CASE(the_width_follows_the_accounts_size),
        CASE(later_only_what_may_be_restated_is_read_again),
        CASE(what_was_read_lately_is_read_again_only_when_forced),
        CASE(a_day_that_was_running_when_it_was_read_is_read_again),
        CASE(the_connections_own_settings_come_first),
        CASE(a_backfill_ends_where_the_provider_does),
        CASE(a_big_unknown_account_reads_yesterday_alone_first),
        CASE(a_sample_is_not_taken_where_it_teaches_nothing),
        CASE(gaps_become_chunks_of_their_own),
        CASE(an_explicit_range_is_always_read),
        CASE(what_cannot_be_planned_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
