#include "common/base/clk.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/store/plan_store.h"
#include "scheduler/phase.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { BATCH = 50 };

static struct settings settings = {.backfill_days = 90, .restate_days = 28, .page_limit = 1000};
static struct service service = {.settings = &settings};
static struct run_ids planned;
static bool more;
static int ended, ended_rc;

static struct {
    void (*read)(void *, int, const struct plan_run *, int, const struct err *);
    void (*stored)(void *, int, const struct err *);
    void *arg;
    const struct plan_write *writes; /* as long as the flow keeps them: until stored */
    int count;
} store;
static struct err problem = {.text = "as the test says"};

void plan_runs(struct db_pool *p, int limit, int known_days,
               void (*done)(void *, int, const struct plan_run *, int, const struct err *), void *arg)
{
    (void)p;
    assert_int_equal(limit, BATCH);
    assert_true(known_days >= 37 * 30);
    assert_null(store.read);
    store.read = done;
    store.arg = arg;
}

void plan_store(struct db_pool *p, const struct plan_write *plans, int count,
                void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    assert_null(store.stored);
    store.writes = plans;
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
    clk_fake(1795323600000, 1);
    ended = ended_rc = 0;
    more = false;
    store.read = NULL;
    store.stored = NULL;
    planning_flow_start(&service, &planned, &more, on_done, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(ended, 1);
    assert_null(store.read);
    assert_null(store.stored);
    run_ids_clear(&planned);
    zone_shutdown();
    clk_real();
    return 0;
}

/* `count` runs; the second one's zone is unknown. */
static void runs(int rc, int count)
{
    struct plan_run list[BATCH] = {0};
    void (*read)(void *, int, const struct plan_run *, int, const struct err *) = store.read;
    assert_non_null(read);
    for (int i = 0; i < count; i++) {
        list[i] = (struct plan_run){.asked_from = DATE_NONE,
                                    .planned_from = DATE_NONE,
                                    .asked_to = DATE_NONE,
                                    .backfill_days = -1,
                                    .restate_days = -1,
                                    .rows_per_day = 100,
                                    .now_ms = 1795323600000,
                                    .planned = PLANNED_FIRST};
        (void)snprintf(list[i].id, sizeof list[i].id, "run%d", i);
        (void)str_copy(list[i].kind, sizeof list[i].kind, "metrics");
        (void)str_copy(list[i].timezone, sizeof list[i].timezone, i == 1 ? "No/Such" : "UTC");
    }
    store.read = NULL;
    problem.rc = rc;
    read(store.arg, rc, list, count, &problem);
    for (int i = 0; i < count; i++) /* borrowed during the call only */
        list[i] = (struct plan_run){.id = "gone"};
}

static void stored(int rc)
{
    void (*done)(void *, int, const struct err *) = store.stored;
    assert_non_null(done);
    store.stored = NULL;
    problem.rc = rc;
    done(store.arg, rc, &problem);
}

static void nothing_to_plan_is_one_question(void **state)
{
    (void)state;
    runs(0, 0);
    assert_int_equal(planned.count, 0);
    assert_false(more);
}

static void runs_become_chunks_and_one_that_cannot_says_why(void **state)
{
    (void)state;
    runs(0, 3);
    assert_int_equal(store.count, 3);
    assert_string_equal(store.writes[0].run_id, "run0");
    assert_int_equal(store.writes[0].chunk_count, 3);
    assert_null(store.writes[0].refused);
    assert_string_equal(store.writes[1].run_id, "run1");
    assert_int_equal(store.writes[1].refused->rc, ERR_INPUT);
    assert_int_equal(store.writes[2].chunk_count, 3);
    assert_ptr_not_equal(store.writes[0].chunks, store.writes[2].chunks);
    stored(0);
    assert_int_equal(planned.count, 3);
    assert_string_equal(planned.ids[2], "run2");
    assert_false(more);
}

static void a_tick_plans_a_bounded_number(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        runs(0, BATCH);
        stored(0);
    }
    assert_int_equal(planned.count, 200);
    assert_true(more);
}

static void a_full_batch_is_followed_by_a_question(void **state)
{
    (void)state;
    runs(0, BATCH);
    stored(0);
    runs(0, 0);
    assert_int_equal(planned.count, BATCH);
    assert_false(more);
}

static void what_was_stored_before_a_failure_is_put_in(void **state)
{
    (void)state;
    runs(0, BATCH);
    stored(0);
    runs(0, 2);
    stored(ERR_DB);
    assert_int_equal(ended_rc, ERR_DB);
    assert_int_equal(planned.count, BATCH);
    assert_false(more);
}

static void a_question_that_fails_ends_it(void **state)
{
    (void)state;
    runs(ERR_DB_AWAY, 0);
    assert_int_equal(ended_rc, ERR_DB_AWAY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_to_plan_is_one_question),
        CASE(runs_become_chunks_and_one_that_cannot_says_why),
        CASE(a_tick_plans_a_bounded_number),
        CASE(a_full_batch_is_followed_by_a_question),
        CASE(what_was_stored_before_a_failure_is_put_in),
        CASE(a_question_that_fails_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
