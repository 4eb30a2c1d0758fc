#include "common/base/metrics.h"
#include "tests/flow/job_case.h"

static void a_stopping_worker_makes_no_further_call(void **state)
{
    (void)state;
    claimed_job();
    context.stopping = true;
    end(OP_OPEN, 0, false);
    handed_back(FINISH_YIELD);

    teardown(state);
    setup(state);
    opened_job();
    read_page("next");
    end(OP_STAGE, 0, false);
    context.stopping = true;
    end(OP_GRANT, 0, true);
    handed_back(FINISH_YIELD);
}

static void a_stopping_worker_hands_back_at_the_page_border(void **state)
{
    (void)state;
    opened_job();
    context.stopping = true;
    read_page("next");
    end(OP_STAGE, 0, false);
    handed_back(FINISH_YIELD);
}

static void a_hurried_call_is_broken_off_and_handed_back(void **state)
{
    (void)state;
    struct job *j = opened_job();
    job_hurry(j);
    assert_true(fakes.asked.cancelled);
    end(OP_FETCH, ERR_CANCELED, true);
    assert_int_equal(fakes.asked.calls, 1);
    handed_back(FINISH_YIELD);
}

static void a_lost_lease_ends_the_job_without_a_word(void **state)
{
    (void)state;
    const int64_t before = metric_get(M_JOBS_FENCED);
    struct job *j = opened_job();
    job_lost(j);
    assert_true(fakes.asked.cancelled);
    end(OP_FETCH, ERR_CANCELED, true);
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.asked.op, OP_NONE);
    assert_int_equal(metric_get(M_JOBS_FENCED), before + 1);
}

static void a_lost_lease_with_an_answer_in_hand_gives_its_place_back(void **state)
{
    (void)state;
    struct job *j = opened_job();
    job_lost(j);
    end(OP_FETCH, 0, true);
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.bodies, 0);
}

static void what_a_lost_job_has_merged_is_told_all_the_same(void **state)
{
    (void)state;
    const int64_t before = metric_get(M_JOBS_FENCED);
    struct job *j = opened_job();
    read_page(NULL);
    job_lost(j);
    end(OP_MERGE, 0, true);
    assert_int_equal(fakes.asked.op, OP_FINISH);
    assert_true(fakes.asked.run_ended);
    end(OP_FINISH, ERR_REDIS_AWAY, false);
    job_lost(j);
    job_redis_back(j);
    end(OP_FINISH, 0, true);
    assert_int_equal(ended, 1);
    assert_int_equal(metric_get(M_JOBS_FENCED), before);
}

static void a_lost_job_whose_merge_failed_is_over(void **state)
{
    (void)state;
    const int64_t before = metric_get(M_JOBS_FENCED);
    struct job *j = opened_job();
    read_page(NULL);
    job_lost(j);
    end(OP_MERGE, ERR_FENCED, false);
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.asked.op, OP_NONE);
    assert_int_equal(metric_get(M_JOBS_FENCED), before + 1);
}

static void held_work_leaves_the_queue_at_the_page_border(void **state)
{
    (void)state;
    opened_job();
    fakes.held = true;
    read_page("two");
    end(OP_STAGE, 0, false);
    assert_string_equal(fakes.asked.error_code, "");
    handed_back(FINISH_DROP);
}

static void what_is_held_when_it_is_opened_makes_no_call(void **state)
{
    (void)state;
    fakes.held = true;
    opened_job();
    handed_back(FINISH_DROP); /* and the call that came with the claim is given back */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_stopping_worker_makes_no_further_call),
        CASE(a_stopping_worker_hands_back_at_the_page_border),
        CASE(a_hurried_call_is_broken_off_and_handed_back),
        CASE(a_lost_lease_ends_the_job_without_a_word),
        CASE(a_lost_lease_with_an_answer_in_hand_gives_its_place_back),
        CASE(what_a_lost_job_has_merged_is_told_all_the_same),
        CASE(a_lost_job_whose_merge_failed_is_over),
        CASE(held_work_leaves_the_queue_at_the_page_border),
        CASE(what_is_held_when_it_is_opened_makes_no_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
