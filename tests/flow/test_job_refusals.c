#include "tests/flow/job_case.h"

static void each_verdict_has_its_fate(void **state)
{
    static const struct {
        int rc;
        enum chunk_fate fate;
        enum finish_how how;
        const char *connection;
    } cases[] = {
        {ERR_TRANSIENT, CHUNK_RETRY, FINISH_RETRY, ""},
        {ERR_ANSWER, CHUNK_RETRY, FINISH_RETRY, ""},
        {ERR_THROTTLED, CHUNK_YIELD, FINISH_YIELD, ""},
        {ERR_GONE, CHUNK_RESTART, FINISH_RETRY, ""},
        {ERR_NEEDS_REAUTH, CHUNK_DEAD, FINISH_DEAD, "needs_reauth"},
        {ERR_NO_ACCESS, CHUNK_DEAD, FINISH_DEAD, "no_access"},
        {ERR_BAD_REQUEST, CHUNK_DEAD, FINISH_DEAD, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        teardown(state);
        setup(state);
        opened_job();
        fakes.verdict = (struct verdict){
            .rc = cases[i].rc, .account = {.used_percent = 12}, .app = {.used_percent = 97, .blocked_ms = 60000}};
        end(OP_FETCH, 0, true);
        end(OP_PARSE, 0, false);
        assert_int_equal(fakes.asked.op, OP_PUT_BACK);
        assert_int_equal(fakes.asked.fate, cases[i].fate);
        assert_int_equal(fakes.asked.calls, 1);
        assert_false(fakes.asked.booked); /* it was made */
        assert_string_equal(fakes.asked.connection_status, cases[i].connection);
        fakes_end(0, cases[i].fate == CHUNK_DEAD);
        assert_int_equal(fakes.asked.feedback.account.used_percent, 12);
        assert_int_equal(fakes.asked.feedback.account.blocked_ms, 0);
        assert_int_equal(fakes.asked.feedback.app.used_percent, 97);
        assert_int_equal(fakes.asked.feedback.app.blocked_ms, 60000);
        assert_string_equal(fakes.asked.error_code, err_name(cases[i].rc));
        finish_as(cases[i].how);
    }
}

/* PostgreSQL knows of a block that Redis has not heard of: who was to tell it is dead. */
static void no_call_is_made_in_a_block(void **state)
{
    (void)state;
    fakes.blocked_ms = 5000;
    opened_job();
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_true(fakes.asked.booked);
    assert_int_equal(fakes.asked.calls, 0);
    end(OP_PUT_BACK, 0, false);
    assert_int_equal(fakes.asked.feedback.account.blocked_ms, 5000);
    assert_int_equal(fakes.asked.feedback.refund, 1);
    finish_as(FINISH_YIELD);
}

/* A refusal waits for as long as PostgreSQL makes of it, and teaches a limit. */
static void what_a_refusal_comes_to_is_told(void **state)
{
    (void)state;
    opened_job();
    fakes.verdict = (struct verdict){.rc = ERR_THROTTLED,
                                     .account = {.used_percent = -1, .backoff_ms = 60000, .window_ms = 9000000},
                                     .app = QUOTA_UNSAID};
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
    assert_int_equal(fakes.asked.said.backoff_ms, 60000);
    assert_int_equal(fakes.asked.said.window_ms, 3600000); /* our own window */
    fakes.kept_ms = 120000;
    fakes.allowed = 54;
    end(OP_PUT_BACK, 0, false);
    assert_int_equal(fakes.asked.feedback.account.blocked_ms, 120000);
    assert_int_equal(fakes.asked.feedback.allowed, 54);
    finish_as(FINISH_YIELD);
}

static void the_last_attempt_makes_a_dead_letter(void **state)
{
    (void)state;
    opened_job();
    end(OP_FETCH, ERR_TIMEOUT, true);
    end(OP_PUT_BACK, 0, true);
    finish_as(FINISH_DEAD);
}

static void what_postgresql_refuses_is_not_tried_every_moment(void **state)
{
    (void)state;
    claimed_job();
    end(OP_OPEN, ERR_DB, false);
    assert_true(fakes.asked.delay_ms >= 60000);
    finish_as(FINISH_RETRY);
}

static void a_token_that_is_replaced_while_it_is_refused_refuses_nobody(void **state)
{
    (void)state;
    opened_job();
    fakes.verdict.rc = ERR_NEEDS_REAUTH;
    read_page(NULL);
    assert_string_equal(fakes.asked.connection_status, "needs_reauth");
    end(OP_PUT_BACK, ERR_CONFLICT, false);
    assert_int_equal(fakes.asked.op, OP_PUT_BACK);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_string_equal(fakes.asked.connection_status, "");
    assert_int_equal(fakes.asked.calls, 1);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_YIELD);
}

static void a_missing_token_parks_the_job_and_says_not_ready(void **state)
{
    (void)state;
    fakes.token_enc = "gAAAA";
    opened_job();
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_true(fakes.asked.delay_ms > 0);
    assert_non_null(service.not_ready);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_RETRY);
}

/* One call a minute asks whether the setting is another by now; all other work waits, and none is a dead letter. */
static void a_refused_api_version_parks_all_jobs(void **state)
{
    (void)state;
    opened_job();
    fakes.verdict.rc = ERR_SETTING;
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_int_equal(fakes.asked.delay_ms, 60000);
    assert_non_null(service.not_ready);
    end(OP_PUT_BACK, 0, false);
    assert_string_equal(fakes.asked.error_code, "bad_setting");
    finish_as(FINISH_RETRY);

    clk_fake(1000000 + 59999, 1000000 + 59999);
    ended = fakes.settled = 0;
    opened_job();
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    assert_true(fakes.asked.booked);
    end(OP_PUT_BACK, 0, false);
    assert_string_equal(fakes.asked.error_code, "bad_setting");
    finish_as(FINISH_RETRY);
    assert_int_equal(context.calls, 1);

    clk_fake(1000000 + 60000, 1000000 + 60000);
    ended = fakes.settled = 0;
    fakes.verdict.rc = 0;
    opened_job();
    read_page(NULL);
    end(OP_MERGE, 0, true);
    finish_as(FINISH_DONE);
}

static void jobs_under_way_wait_for_the_api_version_too(void **state)
{
    (void)state;
    opened_job();
    read_page("next");
    context.refusal = (struct err){.rc = ERR_SETTING, .text = "META_API_VERSION: dead"};
    context.refused_until_ms = clk_mono_ms() + 1;
    end(OP_STAGE, 0, false);
    end(OP_GRANT, 0, true);
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    end(OP_PUT_BACK, 0, false);
    finish_as(FINISH_RETRY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_verdict_has_its_fate),
        CASE(no_call_is_made_in_a_block),
        CASE(what_a_refusal_comes_to_is_told),
        CASE(the_last_attempt_makes_a_dead_letter),
        CASE(what_postgresql_refuses_is_not_tried_every_moment),
        CASE(a_token_that_is_replaced_while_it_is_refused_refuses_nobody),
        CASE(a_missing_token_parks_the_job_and_says_not_ready),
        CASE(a_refused_api_version_parks_all_jobs),
        CASE(jobs_under_way_wait_for_the_api_version_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
