#include "tests/flow/job_case.h"

/* One page of facts, whose merge says that it differs. */
static void read_and_differ(void)
{
    opened_job();
    read_page(NULL);
    assert_false(fakes.asked.as_it_is);
    end(OP_MERGE, ERR_DIFFERS, false);
    assert_int_equal(fakes.asked.op, OP_DOUBT);
    assert_int_equal(fakes.asked.rows, 10); /* the page in hand is kept */
}

static void totals_that_were_old_are_asked_for_again(void **state)
{
    (void)state;
    read_and_differ();
    end(OP_DOUBT, 0, false);
    assert_int_equal(fakes.asked.feedback.calls, 1);
    end(OP_GRANT, 0, true);
    read_page("more days");
    assert_int_equal(fakes.asked.rows, 0);
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    assert_false(fakes.asked.as_it_is);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 3);
    assert_int_equal(context.rows, 10);
    finish_as(FINISH_DONE);
}

static void a_slice_that_differs_from_new_totals_is_read_once_more_and_stored(void **state)
{
    (void)state;
    read_and_differ();
    end(OP_DOUBT, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    end(OP_MERGE, ERR_DIFFERS, false);
    end(OP_REREAD, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    assert_true(fakes.asked.as_it_is);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 3);
    finish_as(FINISH_DONE);
}

static void each_commit_has_its_own_tries(void **state)
{
    (void)state;
    opened_job();
    read_page(NULL);
    end(OP_MERGE, ERR_DB_AWAY, false);
    end(OP_MERGE, ERR_DB_AWAY, false);
    end(OP_MERGE, ERR_DIFFERS, false);
    end(OP_DOUBT, ERR_DB_AWAY, false);
    end(OP_DOUBT, ERR_DB_AWAY, false);
    end(OP_DOUBT, ERR_DB_AWAY, false);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_RETRY);
}

/* A worker that died while it doubted: the next one goes on with the totals. */
static void a_doubt_is_taken_up_by_the_next_worker(void **state)
{
    (void)state;
    fakes.checking = true;
    opened_job();
    read_page(NULL);
    assert_int_equal(fakes.asked.rows, 0);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

/* The totals' call ends with rc and the chunk has failed `attempts` times before. */
static void refuse_totals(int rc, int attempts)
{
    fakes.checking = true;
    fakes.attempts = attempts;
    opened_job();
    fakes.verdict = (struct verdict){.rc = rc, .account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
}

static void facts_are_not_lost_because_totals_are_refused(void **state)
{
    (void)state;
    refuse_totals(ERR_BAD_REQUEST, 0);
    assert_int_equal(fakes.asked.op, OP_MERGE);
    assert_true(fakes.asked.as_it_is);
    assert_int_equal(fakes.asked.rows, 0);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void totals_are_tried_as_often_as_anything(void **state)
{
    refuse_totals(ERR_TRANSIENT, 6);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_RETRY);

    teardown(state);
    setup(state);
    refuse_totals(ERR_TRANSIENT, 7);
    assert_true(fakes.asked.as_it_is);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void what_concerns_the_connection_is_no_matter_of_totals(void **state)
{
    static const int codes[] = {ERR_NEEDS_REAUTH, ERR_NO_ACCESS, ERR_THROTTLED};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        teardown(state);
        setup(state);
        refuse_totals(codes[i], 7);
        assert_int_equal(fakes.asked.op, OP_PUT_BACK);
        fakes_end(0, codes[i] != ERR_THROTTLED);
        finish_as(codes[i] == ERR_THROTTLED ? FINISH_YIELD : FINISH_DEAD);
    }
}

/* The last page of a report, without a row. */
static void read_empty_report(bool reread)
{
    fakes.shape = (struct shape){.rung = RUNG_REPORT, .days_limit = 1};
    fakes.report = (struct chunk_report){.id = "77", .made = 1, .ready = true};
    fakes.reread = reread;
    fakes.page_rows = 0;
    opened_job();
    read_page(NULL);
    assert_false(fakes.asked.as_it_is);
}

static void a_report_without_rows_is_asked_for_once_more(void **state)
{
    (void)state;
    read_empty_report(false);
    end(OP_MERGE, ERR_DIFFERS, false);
    end(OP_DOUBT, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    assert_false(fakes.asked.as_it_is);
    end(OP_MERGE, ERR_DIFFERS, false);
    end(OP_REREAD, 0, false);
    end(OP_GRANT, 0, true);
    assert_int_equal(fakes.asked.op, OP_FETCH);
    fakes.report_word = REPORT_MADE;
    fakes_end(0, true);
    end(OP_PARSE, 0, false);
    assert_true(fakes.asked.report.is_new);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_RETRY);
}

static void after_two_of_them_the_day_is_read_by_campaign(void **state)
{
    (void)state;
    read_empty_report(true);
    end(OP_MERGE, ERR_DIFFERS, false);
    assert_int_equal(fakes.asked.step, LADDER_RUNG);
    assert_int_equal(fakes.asked.shape.rung, RUNG_CAMPAIGNS);
    end(OP_SHRINK, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_rows = 3;
    read_page(NULL);
    end(OP_LOOK_UP, 0, false);
    end(OP_GRANT, 0, true);
    read_page(NULL);
    assert_true(fakes.asked.as_it_is);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void a_day_without_delivery_may_well_be_empty(void **state)
{
    (void)state;
    read_empty_report(true);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void a_report_without_rows_is_not_stored_unchecked(void **state)
{
    (void)state;
    fakes.shape = (struct shape){.rung = RUNG_REPORT, .days_limit = 1};
    fakes.report = (struct chunk_report){.id = "77", .made = 1, .ready = true};
    refuse_totals(ERR_TRANSIENT, 7);
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_RETRY);
    fakes_end(0, true);
    finish_as(FINISH_DEAD);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(totals_that_were_old_are_asked_for_again),
        CASE(a_slice_that_differs_from_new_totals_is_read_once_more_and_stored),
        CASE(each_commit_has_its_own_tries),
        CASE(a_doubt_is_taken_up_by_the_next_worker),
        CASE(facts_are_not_lost_because_totals_are_refused),
        CASE(totals_are_tried_as_often_as_anything),
        CASE(what_concerns_the_connection_is_no_matter_of_totals),
        CASE(a_report_without_rows_is_asked_for_once_more),
        CASE(after_two_of_them_the_day_is_read_by_campaign),
        CASE(a_day_without_delivery_may_well_be_empty),
        CASE(a_report_without_rows_is_not_stored_unchecked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
