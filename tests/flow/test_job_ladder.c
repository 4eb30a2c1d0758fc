#include "common/base/clk.h"
#include "common/base/settings.h"
#include "tests/flow/job_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct settings settings;
static struct service service;
static struct job_context context;
static int ended;

static void on_ended(struct job *j, void *arg)
{
    (void)j, (void)arg;
    ended++;
}

static int setup(void **state)
{
    (void)state;
    fakes_reset();
    clk_fake(1000000, 1000000);
    ended = 0;
    settings = (struct settings){.page_limit = 1000, .max_attempts = 8, .meta_access_token = secret_new("t", 1)};
    service = (struct service){.settings = &settings};
    context = (struct job_context){.service = &service, .worker_id = "w", .ended = on_ended};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(settings.meta_access_token);
    clk_real();
    return 0;
}

static void end(enum op op, int rc, bool yes)
{
    assert_int_equal(fakes.asked.op, op);
    fakes_end(rc, yes);
}

static void finish_as(enum finish_how how)
{
    assert_int_equal(fakes.asked.op, OP_FINISH);
    assert_int_equal(fakes.asked.how, how);
    fakes_end(0, false);
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.asked.op, OP_NONE);
    assert_int_equal(fakes.bodies, 0);
    assert_int_equal(fakes.settled, fakes.grants);
}

static struct job *start(int days)
{
    struct queue_claimed claimed = {.id = "c", .token = "t"};
    fakes.days = days;
    fakes.grants = 1; /* the call that comes with the claim */
    struct job *j = job_start(&context, &claimed, clk_mono_ms());
    end(OP_OPEN, 0, false);
    return j;
}

/* A call that asks for pages of so many rows, and is answered with rc. */
static void call(int page_limit, int rc)
{
    assert_int_equal(fakes.asked.op, OP_FETCH);
    assert_int_equal(fakes.asked.page_limit, page_limit);
    fakes.verdict = (struct verdict){.rc = rc, .usage_percent = -1};
    fakes_end(0, true);
    end(OP_PARSE, 0, false);
}

static void refuse(int page_limit)
{
    call(page_limit, ERR_TOO_MUCH_DATA);
}

/* The question is made smaller, and the next call granted. */
static void shrink(enum ladder_step step, int page_limit, int days_limit)
{
    assert_int_equal(fakes.asked.op, OP_SHRINK);
    assert_int_equal(fakes.asked.step, step);
    assert_int_equal(fakes.asked.shape.page_limit, page_limit);
    assert_int_equal(fakes.asked.shape.days_limit, days_limit);
    fakes_end(0, false);
    end(OP_GRANT, 0, true);
}

static void smaller_pages_go_on_in_the_same_job(void **state)
{
    (void)state;
    start(7);
    fakes.page_next = "next";
    call(1000, 0);
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    refuse(1000);
    shrink(LADDER_PAGE, 250, 0);
    refuse(250);
    shrink(LADDER_PAGE, 62, 0);
    fakes.page_next = NULL;
    call(62, 0);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 4);
    finish_as(FINISH_DONE);
}

static void then_the_range_is_cut(void **state)
{
    (void)state;
    fakes.shape.page_limit = 5;
    start(7);
    refuse(5);
    shrink(LADDER_CUT, 0, 4);
    refuse(1000);
    shrink(LADDER_CUT, 0, 2);
    call(1000, 0);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void what_cannot_be_had_is_a_dead_letter_with_its_cause(void **state)
{
    (void)state;
    fakes.stubs = true; /* a listing */
    start(0);
    refuse(1000);
    shrink(LADDER_PAGE, 125, 0);
    refuse(125);
    shrink(LADDER_PAGE, 31, 0);
    refuse(31);
    shrink(LADDER_PAGE, 7, 0);
    refuse(7);
    shrink(LADDER_PAGE, 1, 0);
    refuse(1);
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_DEAD);
    assert_int_equal(fakes.asked.calls, 1); /* the others are counted by the commits before */
    fakes_end(0, true);
    assert_string_equal(fakes.asked.error_code, "too_much_data");
    finish_as(FINISH_DEAD);
}

static void a_step_down_that_breaks_is_tried_again(void **state)
{
    (void)state;
    start(7);
    refuse(1000);
    end(OP_SHRINK, ERR_DB_AWAY, false);
    end(OP_SHRINK, ERR_GONE, false); /* PostgreSQL crashed: from its page 1, with the shape that it knows */
    end(OP_OPEN, 0, false);
    end(OP_GRANT, 0, true);
    refuse(1000);
    end(OP_SHRINK, ERR_DB_AWAY, false);
    end(OP_SHRINK, ERR_DB_AWAY, false);
    end(OP_SHRINK, ERR_DB_AWAY, false);
    assert_int_equal(fakes.asked.fate, CHUNK_RETRY);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_RETRY);
}

static void a_late_worker_shrinks_nothing(void **state)
{
    (void)state;
    start(7);
    refuse(1000);
    end(OP_SHRINK, ERR_FENCED, false);
    finish_as(FINISH_DROP);
}

static void a_lost_job_ends_after_its_step(void **state)
{
    (void)state;
    struct job *j = start(7);
    refuse(1000);
    job_lost(j);
    end(OP_SHRINK, 0, false);
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.asked.op, OP_NONE);
}

static void a_stopping_worker_hands_back_after_a_step(void **state)
{
    (void)state;
    start(7);
    context.stopping = true;
    refuse(1000);
    end(OP_SHRINK, 0, false);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_int_equal(fakes.asked.calls, 0);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_YIELD);
}

static void facts_are_stored_though_their_totals_are_too_much(void **state)
{
    (void)state;
    fakes.checking = true;
    fakes.attempts = 7;
    start(7);
    refuse(1000);
    assert_int_equal(fakes.asked.op, OP_MERGE);
    assert_true(fakes.asked.as_it_is);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(smaller_pages_go_on_in_the_same_job),
        CASE(then_the_range_is_cut),
        CASE(what_cannot_be_had_is_a_dead_letter_with_its_cause),
        CASE(a_step_down_that_breaks_is_tried_again),
        CASE(a_late_worker_shrinks_nothing),
        CASE(a_lost_job_ends_after_its_step),
        CASE(a_stopping_worker_hands_back_after_a_step),
        CASE(facts_are_stored_though_their_totals_are_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
