#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "tests/flow/phase_fakes.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR_MS ((int64_t)60 * 60 * 1000)
/* 2026-11-22 05:00 UTC */
#define NOW_MS INT64_C(1795323600000)

static struct settings settings = {.nightly_at = 180, .intraday_minutes = 60};
static struct service service = {.settings = &settings};

static int setup(void **state)
{
    (void)state;
    clk_fake(NOW_MS, 1);
    phase_fakes_reset();
    due_flow_start(&service, &phase_fakes.more, phase_fakes_done, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    phase_fakes_over();
    zone_shutdown();
    clk_real();
    return 0;
}

static struct plan_due due_at(const char *zone, int64_t next_sync_at_ms)
{
    struct plan_due d = {
        .next_sync_at_ms = next_sync_at_ms, .now_ms = NOW_MS, .nightly_at = -1, .intraday_minutes = -1};
    (void)str_copy(d.connection_id, sizeof d.connection_id, "0b54c3e4-0000-4000-8000-0000000000bb");
    (void)str_copy(d.timezone, sizeof d.timezone, zone);
    return d;
}

static void nothing_due_is_one_question(void **state)
{
    (void)state;
    phase_fakes_answer_due(0, NULL, 0);
    assert_false(phase_fakes.more);
}

static void a_time_too_far_ahead_is_set_anew_without_a_sync(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS + 26 * HOUR_MS + 1);
    phase_fakes_answer_due(0, &d, 1);
    assert_null(phase_fakes.due[0].kind);
    assert_in_range(phase_fakes.due[0].next_ms, NOW_MS + 1, NOW_MS + HOUR_MS);
    phase_fakes_stored(0);
}

static void hours_are_due_with_their_days(void **state)
{
    (void)state;
    struct plan_due list[2] = {due_at("UTC", NOW_MS - HOUR_MS / 2), due_at("UTC", NOW_MS - 24 * HOUR_MS)};
    list[0].hourly = list[1].hourly = true;
    phase_fakes_answer_due(0, list, 2);
    assert_int_equal(phase_fakes.count, 4);
    for (int i = 0; i < 4; i += 2) {
        const struct plan_due_write *days = &phase_fakes.due[i], *hours = &phase_fakes.due[i + 1];
        assert_null(days->granularity);
        assert_string_equal(hours->granularity, "hour");
        assert_string_equal(hours->kind, "metrics");
        assert_string_equal(hours->trigger, days->trigger);
        assert_string_equal(hours->connection_id, days->connection_id);
        assert_int_equal(hours->from, days->from);
        assert_int_equal(hours->to, days->to);
        assert_int_equal(hours->due_at_ms, days->due_at_ms);
        assert_int_equal(hours->next_ms, days->next_ms);
    }
    phase_fakes_stored(0);
}

static void the_databases_clock_decides(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS + 200 * HOUR_MS);
    d.now_ms = NOW_MS + 200 * HOUR_MS;
    phase_fakes_answer_due(0, &d, 1);
    assert_non_null(phase_fakes.due[0].kind);
    assert_in_range(phase_fakes.due[0].next_ms, d.now_ms + 1, d.now_ms + HOUR_MS);
    phase_fakes_stored(0);
}

static void a_new_connection_only_gets_its_time(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", 0);
    phase_fakes_answer_due(0, &d, 1);
    assert_null(phase_fakes.due[0].kind);
    assert_true(phase_fakes.due[0].next_ms > NOW_MS);
    phase_fakes_stored(0);
}

static void each_tick_has_its_kind(void **state)
{
    (void)state;
    struct plan_due list[] = {
        due_at("UTC", NOW_MS - 10),             /* an hour of the day */
        due_at("UTC", NOW_MS - 5 * HOUR_MS),    /* missed since midnight: the nightly one was among them */
        due_at("Asia/Tokyo", NOW_MS - 10),      /* 14:00 there, the 22nd */
        due_at("America/New_York", NOW_MS - 10) /* midnight there, the 22nd just begun */
    };
    phase_fakes_answer_due(0, list, 4);
    const date_t today = date_from_civil(2026, 11, 22);
    for (int i = 0; i < 4; i++) {
        const struct plan_due_write *w = &phase_fakes.due[i];
        assert_string_equal(w->kind, i == 1 ? "full" : "metrics");
        assert_string_equal(w->trigger, i == 1 ? "nightly" : "intraday");
        assert_int_equal(w->from, i == 1 ? DATE_NONE : today - 1);
        assert_int_equal(w->to, i == 1 ? DATE_NONE : today);
        assert_int_equal(w->due_at_ms, list[i].next_sync_at_ms);
        assert_in_range(w->next_ms, NOW_MS + 1, NOW_MS + HOUR_MS);
    }
    phase_fakes_stored(0);
}

static void the_connections_own_times_come_first(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS - 10);
    d.intraday_minutes = 0; /* never: so only the night is left */
    d.nightly_at = 240;
    phase_fakes_answer_due(0, &d, 1);
    /* Tomorrow at four, give or take the half hour over which accounts are spread. */
    assert_in_range(phase_fakes.due[0].next_ms, NOW_MS + 23 * HOUR_MS, NOW_MS + 24 * HOUR_MS);
    phase_fakes_stored(0);
}

static void an_unknown_zone_stops_nobody(void **state)
{
    (void)state;
    struct plan_due list[] = {due_at("No/Such", NOW_MS - 10), due_at("UTC", NOW_MS - 10)};
    phase_fakes_answer_due(0, list, 2);
    assert_int_equal(phase_fakes.count, 2);
    assert_int_equal(phase_fakes.due[0].next_ms, phase_fakes.due[1].next_ms);
    phase_fakes_stored(0);
}

/* A night of another zone would be another time. */
static void without_descriptors_the_time_of_nobody_comes(void **state)
{
    (void)state;
    struct plan_due list[] = {due_at("UTC", NOW_MS - 10), due_at("Asia/Tokyo", NOW_MS - 10)};
    phase_fakes_descriptors(false);
    phase_fakes_answer_due(0, list, 2);
    phase_fakes_descriptors(true);
    assert_int_equal(phase_fakes.ended_rc, -EMFILE);
    assert_false(phase_fakes.more);
    phase_fakes.ended = 0;
    due_flow_start(&service, &phase_fakes.more, phase_fakes_done, NULL);
    phase_fakes_answer_due(0, list, 2);
    assert_int_equal(phase_fakes.count, 2);
    phase_fakes_stored(0);
}

static void batch(void)
{
    struct plan_due *list = mem_new(DUE_BATCH, sizeof *list);
    for (int i = 0; i < DUE_BATCH; i++)
        list[i] = due_at("UTC", NOW_MS - 10);
    phase_fakes_answer_due(0, list, DUE_BATCH);
    free(list);
    phase_fakes_stored(0);
}

static void a_tick_plans_a_bounded_number(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        batch();
    assert_true(phase_fakes.more);
}

static void a_full_batch_is_followed_by_a_question(void **state)
{
    (void)state;
    batch();
    phase_fakes_answer_due(0, NULL, 0);
    assert_false(phase_fakes.more);
}

static void a_failure_ends_it(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS - 10);
    phase_fakes_answer_due(0, &d, 1);
    phase_fakes_stored(ERR_DB);
    assert_int_equal(phase_fakes.ended_rc, ERR_DB);
    phase_fakes.ended = 0;
    due_flow_start(&service, &phase_fakes.more, phase_fakes_done, NULL);
    phase_fakes_answer_due(ERR_DB_AWAY, NULL, 0);
    assert_int_equal(phase_fakes.ended_rc, ERR_DB_AWAY);
    assert_false(phase_fakes.more);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_due_is_one_question),
        CASE(a_time_too_far_ahead_is_set_anew_without_a_sync),
        CASE(the_databases_clock_decides),
        CASE(hours_are_due_with_their_days),
        CASE(a_new_connection_only_gets_its_time),
        CASE(each_tick_has_its_kind),
        CASE(the_connections_own_times_come_first),
        CASE(an_unknown_zone_stops_nobody),
        CASE(without_descriptors_the_time_of_nobody_comes),
        CASE(a_tick_plans_a_bounded_number),
        CASE(a_full_batch_is_followed_by_a_question),
        CASE(a_failure_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
