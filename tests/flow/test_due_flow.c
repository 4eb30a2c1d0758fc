#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/store/plan_store.h"
#include "scheduler/phase.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BATCH = 500 };
#define HOUR_MS ((int64_t)60 * 60 * 1000)
/* 2026-11-22 05:00 UTC */
#define NOW_MS INT64_C(1795323600000)

static struct settings settings = {.nightly_at = 180, .intraday_minutes = 60};
static struct service service = {.settings = &settings};
static bool more;
static int ended, ended_rc;

static struct {
    void (*read)(void *, int, const struct plan_due *, int, const struct err *);
    void (*stored)(void *, int, const struct err *);
    void *arg;
    const struct plan_due_write *writes;
    int count;
} store;
static struct err problem = {.text = "as the test says"};

void plan_due(struct db_pool *p, int limit, void (*done)(void *, int, const struct plan_due *, int, const struct err *),
              void *arg)
{
    (void)p;
    assert_int_equal(limit, BATCH);
    assert_null(store.read);
    store.read = done;
    store.arg = arg;
}

void plan_due_store(struct db_pool *p, const struct plan_due_write *w, int count,
                    void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    assert_null(store.stored);
    store.writes = w;
    store.count = count;
    store.stored = done;
    store.arg = arg;
}

static void on_done(void *arg, int rc, const struct err *e)
{
    (void)arg;
    assert_true(rc == 0 || e->rc == rc);
    ended++;
    ended_rc = rc;
}

static int setup(void **state)
{
    (void)state;
    clk_fake(NOW_MS, 1);
    ended = ended_rc = 0;
    more = false;
    store.read = NULL;
    store.stored = NULL;
    due_flow_start(&service, &more, on_done, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(ended, 1);
    assert_null(store.read);
    assert_null(store.stored);
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

static void due(int rc, const struct plan_due *list, int count)
{
    void (*read)(void *, int, const struct plan_due *, int, const struct err *) = store.read;
    assert_non_null(read);
    store.read = NULL;
    problem.rc = rc;
    read(store.arg, rc, list, count, &problem);
}

static void stored(int rc)
{
    void (*done)(void *, int, const struct err *) = store.stored;
    assert_non_null(done);
    store.stored = NULL;
    problem.rc = rc;
    done(store.arg, rc, &problem);
}

static void nothing_due_is_one_question(void **state)
{
    (void)state;
    due(0, NULL, 0);
    assert_false(more);
}

static void a_time_too_far_ahead_is_set_anew_without_a_sync(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS + 26 * HOUR_MS + 1);
    due(0, &d, 1);
    assert_null(store.writes[0].kind);
    assert_in_range(store.writes[0].next_ms, NOW_MS + 1, NOW_MS + HOUR_MS);
    stored(0);
}

static void hours_are_due_with_their_days(void **state)
{
    (void)state;
    struct plan_due list[2] = {due_at("UTC", NOW_MS - HOUR_MS / 2), due_at("UTC", NOW_MS - 24 * HOUR_MS)};
    list[0].hourly = list[1].hourly = true;
    due(0, list, 2);
    assert_int_equal(store.count, 4);
    for (int i = 0; i < 4; i += 2) {
        const struct plan_due_write *days = &store.writes[i], *hours = &store.writes[i + 1];
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
    stored(0);
}

static void the_databases_clock_decides(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS + 200 * HOUR_MS);
    d.now_ms = NOW_MS + 200 * HOUR_MS;
    due(0, &d, 1);
    assert_non_null(store.writes[0].kind);
    assert_in_range(store.writes[0].next_ms, d.now_ms + 1, d.now_ms + HOUR_MS);
    stored(0);
}

static void a_new_connection_only_gets_its_time(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", 0);
    due(0, &d, 1);
    assert_null(store.writes[0].kind);
    assert_true(store.writes[0].next_ms > NOW_MS);
    stored(0);
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
    due(0, list, 4);
    const date_t today = date_from_civil(2026, 11, 22);
    for (int i = 0; i < 4; i++) {
        const struct plan_due_write *w = &store.writes[i];
        assert_string_equal(w->kind, i == 1 ? "full" : "metrics");
        assert_string_equal(w->trigger, i == 1 ? "nightly" : "intraday");
        assert_int_equal(w->from, i == 1 ? DATE_NONE : today - 1);
        assert_int_equal(w->to, i == 1 ? DATE_NONE : today);
        assert_int_equal(w->due_at_ms, list[i].next_sync_at_ms);
        assert_in_range(w->next_ms, NOW_MS + 1, NOW_MS + HOUR_MS);
    }
    stored(0);
}

static void the_connections_own_times_come_first(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS - 10);
    d.intraday_minutes = 0; /* never: so only the night is left */
    d.nightly_at = 240;
    due(0, &d, 1);
    /* Tomorrow at four, give or take the half hour over which accounts are spread. */
    assert_in_range(store.writes[0].next_ms, NOW_MS + 23 * HOUR_MS, NOW_MS + 24 * HOUR_MS);
    stored(0);
}

static void an_unknown_zone_stops_nobody(void **state)
{
    (void)state;
    struct plan_due list[] = {due_at("No/Such", NOW_MS - 10), due_at("UTC", NOW_MS - 10)};
    due(0, list, 2);
    assert_int_equal(store.count, 2);
    assert_int_equal(store.writes[0].next_ms, store.writes[1].next_ms);
    stored(0);
}

static void batch(void)
{
    struct plan_due *list = mem_new(BATCH, sizeof *list);
    for (int i = 0; i < BATCH; i++)
        list[i] = due_at("UTC", NOW_MS - 10);
    due(0, list, BATCH);
    free(list);
    stored(0);
}

static void a_tick_plans_a_bounded_number(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        batch();
    assert_true(more);
}

static void a_full_batch_is_followed_by_a_question(void **state)
{
    (void)state;
    batch();
    due(0, NULL, 0);
    assert_false(more);
}

static void a_failure_ends_it(void **state)
{
    (void)state;
    struct plan_due d = due_at("UTC", NOW_MS - 10);
    due(0, &d, 1);
    stored(ERR_DB);
    assert_int_equal(ended_rc, ERR_DB);
    ended = 0;
    due_flow_start(&service, &more, on_done, NULL);
    due(ERR_DB_AWAY, NULL, 0);
    assert_int_equal(ended_rc, ERR_DB_AWAY);
    assert_false(more);
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
        CASE(a_tick_plans_a_bounded_number),
        CASE(a_full_batch_is_followed_by_a_question),
        CASE(a_failure_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
