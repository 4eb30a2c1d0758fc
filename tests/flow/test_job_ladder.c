#include "tests/flow/job_case.h"

static struct job *start(int days)
{
    fakes.days = days;
    struct job *j = opened_job();
    return j;
}

/* A call that asks for pages of so many rows, and is answered with rc. */
static void call(int page_limit, int rc)
{
    assert_int_equal(fakes.asked.op, OP_FETCH);
    assert_int_equal(fakes.asked.page_limit, page_limit);
    fakes.verdict = (struct verdict){.rc = rc, .account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
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

/* A chunk whose report was made, or is to be. */
static struct job *start_report(const char *id, int made)
{
    fakes.shape = (struct shape){.rung = RUNG_REPORT, .days_limit = 1};
    (void)snprintf(fakes.report.id, sizeof fakes.report.id, "%s", id);
    fakes.report.made = made;
    return start(1);
}

static void answer(enum report_word word)
{
    fakes.report_word = word;
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
}

/* Put back for so long, without a penalty. */
static void parked(int64_t delay_ms)
{
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_int_equal(fakes.asked.delay_ms, delay_ms);
    assert_int_equal(fakes.asked.calls, 1);
    fakes_end(0, false);
    assert_string_equal(fakes.asked.error_code, "");
    assert_int_equal(fakes.asked.delay_ms, delay_ms);
    finish_as(FINISH_RETRY);
}

static void a_report_is_asked_for_and_the_job_parked(void **state)
{
    (void)state;
    start_report("", 0);
    answer(REPORT_MADE);
    assert_true(fakes.asked.report.is_new);
    assert_string_equal(fakes.asked.report.id, "77");
    parked(5000);
}

static void an_id_that_could_not_be_stored_is_stored_once_more(void **state)
{
    (void)state;
    start_report("", 0);
    answer(REPORT_MADE);
    end(OP_PUT_BACK, ERR_DB_AWAY, false);
    assert_true(fakes.asked.report.is_new);
    parked(5000);
}

static void a_report_that_is_not_ready_is_looked_at_later_and_later(void **state)
{
    static const int64_t delays[] = {10000, 20000, 40000, 60000, 60000};
    for (int polls = 0; polls < 5; polls++) {
        teardown(state);
        setup(state);
        fakes.report.polls = polls;
        fakes.report_percent = 20 * polls;
        start_report("77", 1);
        answer(REPORT_PENDING);
        assert_true(fakes.asked.report.was_polled);
        assert_int_equal(fakes.asked.report.percent, 20 * polls);
        parked(delays[polls]);
    }
}

static void a_report_that_is_ready_is_read_in_the_same_job(void **state)
{
    (void)state;
    start_report("77", 1);
    answer(REPORT_READY);
    assert_false(fakes.asked.anew);
    end(OP_REPORT, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_next = "next";
    answer(REPORT_SAYS_NOTHING);
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_next = NULL;
    answer(REPORT_SAYS_NOTHING);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 3);
    finish_as(FINISH_DONE);
}

static void pages_that_are_not_there_yet_are_waited_for(void **state)
{
    (void)state;
    fakes.report.ready = true;
    start_report("77", 1);
    answer(REPORT_PENDING);
    assert_true(fakes.asked.report.was_polled);
    parked(10000);
}

/* From there on campaign by campaign, and those are too much as well. */
static void end_of_reports(void)
{
    assert_int_equal(fakes.asked.op, OP_SHRINK);
    assert_int_equal(fakes.asked.shape.rung, RUNG_CAMPAIGNS);
    shrink(LADDER_RUNG, 0, 1);
    fakes.report_word = REPORT_SAYS_NOTHING;
    fakes.page_next = NULL;
    refuse(1000);
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_DEAD);
    fakes_end(0, true);
    assert_string_equal(fakes.asked.error_code, "too_much_data");
    finish_as(FINISH_DEAD);
}

static void a_lost_report_is_made_anew_twice_and_then_no_more(void **state)
{
    for (int made = 1; made <= 3; made++) {
        teardown(state);
        setup(state);
        start_report("77", made);
        answer(REPORT_LOST);
        if (made == 3)
            break;
        assert_true(fakes.asked.anew);
        end(OP_REPORT, 0, false);
        end(OP_GRANT, 0, true);
        answer(REPORT_MADE);
        parked(5000);
    }
    end_of_reports();
}

static void a_report_that_stands_still_is_lost(void **state)
{
    (void)state;
    fakes.report.still_s = 1800;
    start_report("77", 3);
    answer(REPORT_PENDING);
    end_of_reports();

    teardown(state);
    setup(state);
    fakes.report = (struct chunk_report){.still_s = 1799, .age_s = 119};
    start_report("77", 3);
    answer(REPORT_UNSEEN);
    parked(10000);

    teardown(state);
    setup(state);
    fakes.report = (struct chunk_report){.still_s = 1799, .age_s = 120};
    start_report("77", 3);
    answer(REPORT_UNSEEN);
    end_of_reports();
}

static void a_report_breaks_at_each_step(void **state)
{
    (void)state;
    start_report("77", 1);
    answer(REPORT_READY);
    end(OP_REPORT, ERR_DB_AWAY, false);
    end(OP_REPORT, ERR_GONE, false);
    end(OP_OPEN, 0, false);
    end(OP_GRANT, 0, true);
    answer(REPORT_READY);
    end(OP_REPORT, ERR_FENCED, false);
    finish_as(FINISH_DROP);

    teardown(state);
    setup(state);
    start_report("", 0);
    answer(REPORT_MADE);
    end(OP_PUT_BACK, ERR_FENCED, false);
    finish_as(FINISH_DROP);
}

static void campaigns_are_listed_and_read_one_by_one(void **state)
{
    (void)state;
    fakes.shape = (struct shape){.rung = RUNG_CAMPAIGNS, .days_limit = 1};
    start(1);
    fakes.page_next = "next";
    call(1000, 0);
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_next = NULL;
    call(1000, 0);
    end(OP_LOOK_UP, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_next = "second campaign";
    call(1000, 0);
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_next = NULL;
    call(1000, 0);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 4);
    finish_as(FINISH_DONE);
}

static void a_day_without_a_campaign_is_merged_empty(void **state)
{
    (void)state;
    fakes.shape = (struct shape){.rung = RUNG_CAMPAIGNS, .days_limit = 1};
    fakes.page_rows = 0;
    start(1);
    call(1000, 0);
    end(OP_LOOK_UP, ERR_NOT_FOUND, false);
    assert_int_equal(fakes.asked.rows, 0);
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
        CASE(a_report_is_asked_for_and_the_job_parked),
        CASE(an_id_that_could_not_be_stored_is_stored_once_more),
        CASE(a_report_that_is_not_ready_is_looked_at_later_and_later),
        CASE(a_report_that_is_ready_is_read_in_the_same_job),
        CASE(pages_that_are_not_there_yet_are_waited_for),
        CASE(a_lost_report_is_made_anew_twice_and_then_no_more),
        CASE(a_report_that_stands_still_is_lost),
        CASE(a_report_breaks_at_each_step),
        CASE(campaigns_are_listed_and_read_one_by_one),
        CASE(a_day_without_a_campaign_is_merged_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
