#include "common/base/clk.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "tests/flow/phase_fakes.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct settings settings = {.backfill_days = 90, .restate_days = 28, .page_limit = 1000};
static struct service service = {.settings = &settings};
static struct run_ids planned;

static int setup(void **state)
{
    (void)state;
    clk_fake(1795323600000, 1);
    phase_fakes_reset();
    planning_flow_start(&service, &planned, &phase_fakes.more, phase_fakes_done, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    phase_fakes_over();
    run_ids_clear(&planned);
    zone_shutdown();
    clk_real();
    return 0;
}

/* `count` runs; the second one's zone is unknown. */
static void runs(int rc, int count)
{
    struct plan_run list[RUN_BATCH] = {0};
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
    phase_fakes_answer_runs(rc, list, count);
    for (int i = 0; i < count; i++) /* borrowed during the call only */
        list[i] = (struct plan_run){.id = "gone"};
}

static void nothing_to_plan_is_one_question(void **state)
{
    (void)state;
    runs(0, 0);
    assert_int_equal(planned.count, 0);
    assert_false(phase_fakes.more);
}

static void runs_become_chunks_and_one_that_cannot_says_why(void **state)
{
    (void)state;
    runs(0, 3);
    assert_int_equal(phase_fakes.count, 3);
    assert_string_equal(phase_fakes.plans[0].run_id, "run0");
    assert_int_equal(phase_fakes.plans[0].chunk_count, 3);
    assert_null(phase_fakes.plans[0].refused);
    assert_string_equal(phase_fakes.plans[1].run_id, "run1");
    assert_int_equal(phase_fakes.plans[1].refused->rc, ERR_INPUT);
    assert_int_equal(phase_fakes.plans[2].chunk_count, 3);
    assert_ptr_not_equal(phase_fakes.plans[0].chunks, phase_fakes.plans[2].chunks);
    phase_fakes_stored(0);
    assert_int_equal(planned.count, 3);
    assert_string_equal(planned.ids[2], "run2");
    assert_false(phase_fakes.more);
}

static void without_descriptors_no_run_is_refused(void **state)
{
    (void)state;
    phase_fakes_descriptors(false);
    runs(0, 3); /* that of a zone which is none cannot be told from others now */
    phase_fakes_descriptors(true);
    assert_int_equal(phase_fakes.ended_rc, -EMFILE);
    assert_int_equal(planned.count, 0);
    assert_false(phase_fakes.more);
}

static void a_tick_plans_a_bounded_number(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        runs(0, RUN_BATCH);
        phase_fakes_stored(0);
    }
    assert_int_equal(planned.count, 200);
    assert_true(phase_fakes.more);
}

static void a_full_batch_is_followed_by_a_question(void **state)
{
    (void)state;
    runs(0, RUN_BATCH);
    phase_fakes_stored(0);
    runs(0, 0);
    assert_int_equal(planned.count, RUN_BATCH);
    assert_false(phase_fakes.more);
}

static void what_was_stored_before_a_failure_is_put_in(void **state)
{
    (void)state;
    runs(0, RUN_BATCH);
    phase_fakes_stored(0);
    runs(0, 2);
    phase_fakes_stored(ERR_DB);
    assert_int_equal(phase_fakes.ended_rc, ERR_DB);
    assert_int_equal(planned.count, RUN_BATCH);
    assert_false(phase_fakes.more);
}

static void a_question_that_fails_ends_it(void **state)
{
    (void)state;
    runs(ERR_DB_AWAY, 0);
    assert_int_equal(phase_fakes.ended_rc, ERR_DB_AWAY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_to_plan_is_one_question),        CASE(runs_become_chunks_and_one_that_cannot_says_why),
        CASE(without_descriptors_no_run_is_refused),  CASE(a_tick_plans_a_bounded_number),
        CASE(a_full_batch_is_followed_by_a_question), CASE(what_was_stored_before_a_failure_is_put_in),
        CASE(a_question_that_fails_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
