#include "tests/flow/job_case.h"

static void given_up(void)
{
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_DEAD);
    assert_int_equal(fakes.asked.calls, 1);
    fakes_end(0, true);
    assert_string_equal(fakes.asked.error_code, "limit_reached");
    finish_as(FINISH_DEAD);
}

static void open_at(int page, int64_t rows)
{
    fakes.page = page;
    fakes.rows = rows;
    opened_job();
}

static void a_slice_that_does_not_end_is_given_up(void **state)
{
    (void)state;
    open_at(CHUNK_PAGES_MAX - 1, 0);
    read_page("more");
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    fakes.page_next = "still more";
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_DEAD);
    fakes_end(0, true);
    assert_string_equal(fakes.asked.error_code, "limit_reached");
    finish_as(FINISH_DEAD);
}

static void the_last_page_that_may_be_is_merged(void **state)
{
    (void)state;
    open_at(CHUNK_PAGES_MAX, CHUNK_ROWS_MAX - fakes.page_rows);
    read_page(NULL);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void a_row_too_many_is_given_up(void **state)
{
    (void)state;
    open_at(1, CHUNK_ROWS_MAX - fakes.page_rows + 1);
    read_page(NULL);
    given_up();
}

static void so_is_a_day_of_too_many_campaigns(void **state)
{
    (void)state;
    fakes.shape = (struct shape){.rung = RUNG_CAMPAIGNS, .days_limit = 1};
    open_at(1, CHUNK_CAMPAIGNS_MAX - fakes.page_rows + 1);
    read_page(NULL);
    given_up();
}

/* However it is noticed that an answer is more than we take: while it comes in, or when it is read. */
static void an_answer_that_is_too_large_is_asked_for_in_smaller_pages(void **state)
{
    (void)state;
    open_at(1, 0);
    end(OP_FETCH, ERR_LIMIT, true);
    assert_int_equal(fakes.asked.op, OP_SHRINK);
    assert_int_equal(fakes.asked.step, LADDER_PAGE);
    assert_int_equal(fakes.asked.shape.page_limit, 250);
    end(OP_SHRINK, 0, false);
    end(OP_GRANT, 0, true);
    fakes.verdict.rc = ERR_LIMIT;
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
    assert_int_equal(fakes.asked.shape.page_limit, 62);
    end(OP_SHRINK, 0, false);
    end(OP_GRANT, 0, true);
    fakes.verdict.rc = 0;
    read_page(NULL);
    end(OP_MERGE, 0, true);
    assert_int_equal(context.calls, 3);
    finish_as(FINISH_DONE);
}

static void what_is_too_large_however_it_is_asked_says_which_limit(void **state)
{
    (void)state;
    fakes.shape = (struct shape){.rung = RUNG_CAMPAIGNS, .days_limit = 1};
    open_at(1, 0);
    end(OP_FETCH, ERR_LIMIT, true);
    given_up();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_slice_that_does_not_end_is_given_up),
        CASE(the_last_page_that_may_be_is_merged),
        CASE(a_row_too_many_is_given_up),
        CASE(so_is_a_day_of_too_many_campaigns),
        CASE(an_answer_that_is_too_large_is_asked_for_in_smaller_pages),
        CASE(what_is_too_large_however_it_is_asked_says_which_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
