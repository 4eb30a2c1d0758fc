#include "tests/flow/job_case.h"

/* A listing of two pages of an account with stubs, up to its end. */
static void read_listing(void)
{
    fakes.stubs = true;
    (void)opened_job();
    read_page("next");
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
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
    handed_back(FINISH_YIELD);
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
