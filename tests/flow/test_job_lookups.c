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

/* Up to the commit of a page; `next` NULL: it is the last. */
static void read_page(const char *next)
{
    fakes.page_next = next;
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
}

/* A listing of two pages of an account with stubs, up to its end. */
static void read_listing(void)
{
    struct queue_claimed claimed = {.id = "c", .token = "t"};
    fakes.stubs = true;
    fakes.grants = 1; /* the call that comes with the claim */
    (void)job_start(&context, &claimed, clk_mono_ms());
    end(OP_OPEN, 0, false);
    read_page("next");
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
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

static void stubs_are_looked_up_behind_the_listing_each_with_a_call_of_the_budget(void **state)
{
    (void)state;
    read_listing();
    assert_int_equal(fakes.asked.rows, 10);
    end(OP_LOOK_UP, 0, false);
    end(OP_GRANT, 0, true);
    read_page("next");
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 4);
    assert_int_equal(context.rows, 40);
    finish_as(FINISH_DONE);
}

static void a_listing_that_brought_every_stub_is_merged_with_its_last_page(void **state)
{
    (void)state;
    read_listing();
    end(OP_LOOK_UP, ERR_NOT_FOUND, false);
    assert_int_equal(fakes.asked.op, OP_MERGE);
    assert_int_equal(fakes.asked.rows, 10);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 2);
    finish_as(FINISH_DONE);
}

static void a_commit_that_breaks_is_tried_again(void **state)
{
    (void)state;
    read_listing();
    end(OP_LOOK_UP, ERR_DB_AWAY, false);
    end(OP_LOOK_UP, ERR_GONE, false); /* it had landed */
    end(OP_OPEN, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    end(OP_LOOK_UP, ERR_FENCED, false);
    finish_as(FINISH_DROP);
}

static void a_stopping_worker_hands_back_before_the_lookups(void **state)
{
    (void)state;
    read_listing();
    context.stopping = true;
    end(OP_LOOK_UP, 0, false);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_YIELD);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(stubs_are_looked_up_behind_the_listing_each_with_a_call_of_the_budget),
        CASE(a_listing_that_brought_every_stub_is_merged_with_its_last_page),
        CASE(a_commit_that_breaks_is_tried_again),
        CASE(a_stopping_worker_hands_back_before_the_lookups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
