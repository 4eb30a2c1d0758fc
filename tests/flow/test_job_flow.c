#include "common/base/metrics.h"
#include "tests/flow/job_case.h"
#include <stdio.h>
#include <stdlib.h>

static void three_pages_are_staged_and_merged(void **state)
{
    (void)state;
    opened_job();
    for (int page = 1; page <= 2; page++) {
        read_page("next");
        end(OP_STAGE, 0, false);
        assert_int_equal(fakes.asked.feedback.calls, 1);
        end(OP_GRANT, 0, true);
    }
    read_page(NULL);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.rows, 30);
    assert_int_equal(context.calls, 3);
    finish_as(FINISH_DONE);
}

static void a_grant_that_is_too_old_is_given_back(void **state)
{
    (void)state;
    claimed_job();
    clk_fake_advance(2001);
    end(OP_OPEN, 0, false);
    assert_int_equal(fakes.asked.op, OP_GRANT);
    assert_int_equal(fakes.asked.feedback.refund, 1);
    clk_fake_advance(1);
    fakes_end(0, true);
    read_page(NULL);
    end(OP_MERGE, 0, false);
    finish_as(FINISH_DONE);
}

static void a_call_that_never_left_is_refunded(void **state)
{
    (void)state;
    opened_job();
    end(OP_FETCH, ERR_NETWORK, false);
    assert_int_equal(fakes.asked.calls, 0);
    assert_int_equal(fakes.asked.fate, CHUNK_RETRY);
    end(OP_PUT_BACK, 0, false);
    assert_int_equal(fakes.asked.feedback.refund, 1);
    assert_int_equal(fakes.asked.feedback.calls, 0);
    finish_as(FINISH_RETRY);
}

static void a_spent_budget_hands_the_job_back_unharmed(void **state)
{
    (void)state;
    opened_job();
    read_page("next");
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, false);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_true(fakes.asked.booked);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_YIELD);
}

static void a_late_worker_drops_its_job(void **state)
{
    (void)state;
    const int64_t before = metric_get(M_JOBS_FENCED);
    opened_job();
    read_page("next");
    end(OP_STAGE, ERR_FENCED, false);
    finish_as(FINISH_DROP);
    assert_int_equal(metric_get(M_JOBS_FENCED), before + 1);
}

static void staged_pages_that_are_lost_are_read_again(void **state)
{
    (void)state;
    opened_job();
    read_page("next");
    end(OP_STAGE, ERR_GONE, false);
    end(OP_OPEN, 0, false);
    end(OP_GRANT, 0, true); /* the first call is used up */
    read_page(NULL);
    end(OP_MERGE, 0, false);
    finish_as(FINISH_DONE);
}

static void a_broken_commit_is_tried_again_with_the_page_in_hand(void **state)
{
    (void)state;
    opened_job();
    read_page(NULL);
    end(OP_MERGE, ERR_DB_AWAY, false);
    end(OP_MERGE, ERR_CONFLICT, false);
    end(OP_MERGE, 0, false);
    assert_int_equal(context.calls, 1);
    finish_as(FINISH_DONE);
}

static void an_opening_whose_answer_was_lost_is_tried_again_as_the_same_start(void **state)
{
    (void)state;
    claimed_job();
    assert_false(fakes.asked.again);
    end(OP_OPEN, ERR_DB_AWAY, false);
    assert_true(fakes.asked.again);
    end(OP_OPEN, 0, false);
    read_page(NULL);
    end(OP_MERGE, 0, false);
    finish_as(FINISH_DONE);
}

static void an_opening_that_keeps_breaking_is_let_go(void **state)
{
    (void)state;
    claimed_job();
    for (int i = 0; i < 3; i++)
        end(OP_OPEN, ERR_DB_AWAY, false);
    finish_as(FINISH_RETRY);
}

static void a_commit_that_keeps_breaking_is_given_up(void **state)
{
    (void)state;
    opened_job();
    read_page(NULL);
    for (int i = 0; i < 3; i++)
        end(OP_MERGE, ERR_DB_AWAY, false);
    end(OP_PUT_BACK, ERR_DB_AWAY, false);
    finish_as(FINISH_RETRY);
}

static void a_closed_chunk_is_dropped_and_its_call_given_back(void **state)
{
    (void)state;
    claimed_job();
    end(OP_OPEN, ERR_CONFLICT, false);
    assert_int_equal(fakes.asked.feedback.refund, 1);
    finish_as(FINISH_DROP);
}

static void without_redis_no_call_is_made_until_it_is_back(void **state)
{
    (void)state;
    struct job *j = opened_job();
    read_page("next");
    end(OP_STAGE, 0, false);
    end(OP_GRANT, ERR_REDIS_AWAY, false);
    assert_int_equal(fakes.asked.op, OP_NONE);
    job_redis_back(j);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    end(OP_MERGE, 0, false);
    end(OP_FINISH, ERR_REDIS_AWAY, false);
    assert_int_equal(ended, 0);
    job_redis_back(j);
    finish_as(FINISH_DONE);
}

static void redis_that_is_back_before_the_job_hears_it_was_away_is_asked_again(void **state)
{
    (void)state;
    opened_job();
    read_page("next");
    end(OP_STAGE, 0, false);
    fakes.redis_ready = true;
    end(OP_GRANT, ERR_REDIS_AWAY, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    end(OP_MERGE, 0, false);
    finish_as(FINISH_DONE);
}

static void a_request_that_cannot_be_made_is_a_failure_like_others(void **state)
{
    (void)state;
    fakes.request_rc = ERR_LIMIT;
    opened_job();
    assert_int_equal(fakes.asked.fate, CHUNK_RETRY);
    end(OP_PUT_BACK, 0, false);
    assert_int_equal(fakes.asked.feedback.refund, 1);
    finish_as(FINISH_RETRY);
}

/* One operation ends in a random way; after many steps only well. */
static void random_end(unsigned *seed, bool may_fail)
{
    static const int faults[] = {ERR_DB_AWAY, ERR_CONFLICT, ERR_FENCED,  ERR_GONE,     ERR_TIMEOUT, ERR_DB,
                                 ERR_NETWORK, ERR_LIMIT,    ERR_DIFFERS, ERR_CANCELED, ERR_POISON,  ERR_NOT_FOUND};
    bool fails = rand_r(seed) % 100 < 25 && may_fail;
    int rc = fails ? faults[(size_t)rand_r(seed) % (sizeof faults / sizeof faults[0])] : 0;
    fakes.page_next = rand_r(seed) % 4 == 0 ? NULL : "next";
    fakes.verdict.rc = rand_r(seed) % 10 != 0 ? 0 : rand_r(seed) % 2 == 0 ? ERR_TRANSIENT : ERR_TOO_MUCH_DATA;
    fakes.report_word = (enum report_word)(REPORT_MADE + rand_r(seed) % (REPORT_LOST + 1 - REPORT_MADE));
    fakes.request_rc = rand_r(seed) % 20 == 0 ? ERR_LIMIT : 0;
    fakes.redis_ready = rand_r(seed) % 2 == 0;
    clk_fake_advance(rand_r(seed) % 10 == 0 ? 3000 : 1);
    if (rc == ERR_DIFFERS && (fakes.asked.op != OP_MERGE || fakes.asked.as_it_is))
        rc = ERR_DB_AWAY;
    if (rc == ERR_NOT_FOUND && fakes.asked.op != OP_LOOK_UP)
        rc = ERR_DB_AWAY;
    if (rc != 0 && (fakes.asked.op == OP_GRANT || fakes.asked.op == OP_FINISH))
        rc = ERR_REDIS_AWAY;
    fakes_end(rc, fakes.asked.op != OP_FINISH && rand_r(seed) % 8 != 0);
}

/* Every operation ends in a random way until the job is over: it ends once, and no granted call is forgotten. */
static void random_faults_at_every_step(void **state)
{
    unsigned seed = 20261122;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 20000; round++) {
        teardown(state);
        setup(state);
        fakes.stubs = round % 3 == 0;
        fakes.held = round % 11 == 0;
        fakes.days = round % 20;
        fakes.shape.rung = (enum rung)(round / 3 % (RUNG_CAMPAIGNS + 1));
        struct job *j = claimed_job();
        for (int step = 0; ended == 0; step++) {
            assert_true(step < 100000);
            if (fakes.asked.op == OP_NONE)
                job_redis_back(j);
            else
                random_end(&seed, step < 200);
        }
        assert_int_equal(ended, 1);
        assert_int_equal(fakes.asked.op, OP_NONE);
        assert_int_equal(fakes.bodies, 0);
        assert_int_equal(fakes.settled, fakes.grants);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(three_pages_are_staged_and_merged),
        CASE(a_grant_that_is_too_old_is_given_back),
        CASE(a_call_that_never_left_is_refunded),
        CASE(a_spent_budget_hands_the_job_back_unharmed),
        CASE(a_late_worker_drops_its_job),
        CASE(staged_pages_that_are_lost_are_read_again),
        CASE(a_broken_commit_is_tried_again_with_the_page_in_hand),
        CASE(an_opening_whose_answer_was_lost_is_tried_again_as_the_same_start),
        CASE(an_opening_that_keeps_breaking_is_let_go),
        CASE(a_commit_that_keeps_breaking_is_given_up),
        CASE(a_closed_chunk_is_dropped_and_its_call_given_back),
        CASE(without_redis_no_call_is_made_until_it_is_back),
        CASE(redis_that_is_back_before_the_job_hears_it_was_away_is_asked_again),
        CASE(a_request_that_cannot_be_made_is_a_failure_like_others),
        CASE(random_faults_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
