#include "common/remote/account_call.h"
#include "tests/flow/account_call_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct settings settings = {.queue_prefix = "{test}",
                                   .meta_graph_url = "https://graph.facebook.com",
                                   .meta_api_version = "v26.0",
                                   .meta_calls_per_window = 200,
                                   .meta_window_seconds = 3600};
static struct remote remote;
static struct secret *token;
static int ended;
static struct err outcome;

static void on_checked(void *arg, int rc, const struct account_info *info, const struct err *e)
{
    assert_ptr_equal(arg, &ended);
    assert_int_equal(rc == 0, info != NULL);
    if (info != NULL)
        play_note("%s %s %s;", info->account, info->currency, info->timezone);
    outcome = *e;
    assert_int_equal(outcome.rc, rc);
    ended++;
}

static void on_each(void *arg, const struct account_info *info)
{
    assert_ptr_equal(arg, &ended);
    play_note("%s;", info->account);
}

static void on_listed(void *arg, int rc, const struct err *e)
{
    assert_ptr_equal(arg, &ended);
    outcome = *e;
    assert_int_equal(outcome.rc, rc);
    ended++;
}

static void check_account(void)
{
    (void)account_check(&remote, provider_find("meta"), "act_1", token, on_checked, &ended);
    assert_int_equal(ended, 0); /* never inside the call */
    play_to_the_end();
    assert_int_equal(ended, 1);
    assert_int_equal(play.bodies, 0);
}

static void list_accounts(void)
{
    account_list(&remote, provider_find("meta"), token, on_each, on_listed, &ended);
    assert_int_equal(ended, 0);
    play_to_the_end();
    assert_int_equal(ended, 1);
    assert_int_equal(play.bodies, 0);
}

static void script(int step, int rc, int status, const char *body)
{
    play.answers[step].rc = rc;
    play.answers[step].status = status;
    play.answers[step].body = body;
}

static const char account[] = "{\"id\":\"act_1\",\"name\":\"x\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\"}";

/* What comes before the first call. */
#define SEEDED "limit meta act_1;seed meta:act_1 200 meta:app;"

static void test_check(void **state)
{
    (void)state;
    script(0, 0, 200, account);
    check_account();
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(play.log, SEEDED "take meta:act_1;send ;settle;act_1 EUR UTC;");
}

static void test_lost_budget_is_seeded_again(void **state)
{
    (void)state;
    play.budget_missing = 1;
    script(0, 0, 200, account);
    check_account();
    assert_string_equal(play.log, SEEDED
                        "take meta:act_1;seed meta:act_1 200 meta:app;take meta:act_1;send ;settle;act_1 EUR UTC;");
}

static void test_budget_that_stays_lost(void **state)
{
    (void)state;
    play.budget_missing = 2;
    check_account();
    assert_int_equal(outcome.rc, ERR_THROTTLED);
    assert_string_equal(play.log, SEEDED "take meta:act_1;seed meta:act_1 200 meta:app;take meta:act_1;");
}

static void test_limit_of_the_accounts_connections(void **state)
{
    (void)state;
    play.limit = 7;
    script(0, 0, 200, account);
    check_account();
    assert_string_equal(play.log, "limit meta act_1;seed meta:act_1 7 meta:app;take meta:act_1;send ;settle;"
                                  "act_1 EUR UTC;");
}

static void test_without_the_limit_nothing_is_asked(void **state)
{
    (void)state;
    play.limit_rc = ERR_DB_AWAY;
    check_account();
    assert_int_equal(outcome.rc, ERR_DB_AWAY);
    assert_string_equal(play.log, "limit meta act_1;");
}

static void test_seed_fails(void **state)
{
    (void)state;
    play.seed_rc = ERR_REDIS_AWAY;
    check_account();
    assert_int_equal(outcome.rc, ERR_REDIS_AWAY);
}

static void test_spent_budget(void **state)
{
    (void)state;
    play.refuse_ms = 41001;
    check_account();
    assert_int_equal(outcome.rc, ERR_THROTTLED);
    assert_string_equal(outcome.text, "act_1: the budget allows no call for the next 42 s");
    assert_string_equal(play.log, SEEDED "take meta:act_1;");
}

static void test_transient_failures_are_retried_twice(void **state)
{
    (void)state;
    script(0, 0, 500, "{\"error\":{\"code\":2,\"message\":\"away\"}}");
    script(1, ERR_NETWORK, 0, NULL);
    script(2, 0, 200, account);
    check_account();
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(play.log,
                        SEEDED "take meta:act_1;send ;settle;wait 1000;take meta:act_1;send ;settle unsent;wait 3000;"
                               "take meta:act_1;send ;settle;act_1 EUR UTC;");
}

static void test_third_failure_is_the_last(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        script(i, ERR_TIMEOUT, 0, NULL);
    check_account();
    assert_int_equal(outcome.rc, ERR_TIMEOUT);
    assert_int_equal(play.answered, 3);
}

static void test_refusals_are_final(void **state)
{
    (void)state;
    script(0, 0, 400, "{\"error\":{\"code\":190,\"error_subcode\":463,\"message\":\"Session has expired\"}}");
    play.settle_rc = ERR_REDIS_AWAY; /* changes nothing */
    check_account();
    assert_int_equal(outcome.rc, ERR_NEEDS_REAUTH);
    assert_string_equal(outcome.text, "act_1: Session has expired (Meta's code 190/463)");
    assert_int_equal(play.answered, 1);
}

static void test_block_reaches_the_budget(void **state)
{
    (void)state;
    script(0, 0, 403, "{\"error\":{\"code\":4,\"message\":\"Application request limit reached\"}}");
    check_account();
    assert_int_equal(outcome.rc, ERR_THROTTLED);
    assert_string_equal(play.log, SEEDED "take meta:act_1;send ;settle blocked app;");
}

static void test_cancelled(void **state)
{
    (void)state;
    script(0, ERR_CANCELED, 0, NULL);
    check_account();
    assert_int_equal(outcome.rc, ERR_CANCELED);
    assert_string_equal(play.log, SEEDED "take meta:act_1;send ;settle;");
}

#define ONE(id) "{\"id\":\"" id "\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\"}"
#define NEXT(after) ",\"paging\":{\"cursors\":{\"after\":\"" after "\"},\"next\":\"https://graph.facebook.com/x\"}"

static void test_list_of_pages(void **state)
{
    (void)state;
    script(0, 0, 200, "{\"data\":[" ONE("act_1") "," ONE("act_2") "]" NEXT("B") "}");
    script(1, 0, 503, "");
    script(2, 0, 200, "{\"data\":[]" NEXT("C") "}");
    script(3, 0, 200, "{\"data\":[" ONE("act_3") "],\"paging\":{\"cursors\":{\"after\":\"D\"}}}");
    list_accounts();
    assert_int_equal(outcome.rc, 0);
    assert_string_equal(play.log, "limit meta ;seed meta:me 200 meta:app;take meta:me;send ;act_1;act_2;settle;take "
                                  "meta:me;send after=B;settle;wait 1000;"
                                  "take meta:me;send after=B;settle;take meta:me;send after=C;act_3;settle;");
}

static void test_list_in_a_circle(void **state)
{
    (void)state;
    script(0, 0, 200, "{\"data\":[]" NEXT("B") "}");
    script(1, 0, 200, "{\"data\":[]" NEXT("B") "}");
    list_accounts();
    assert_int_equal(outcome.rc, ERR_ANSWER);
    assert_int_equal(play.answered, 2);
}

static void test_list_refused(void **state)
{
    (void)state;
    script(0, 0, 400, "{\"error\":{\"code\":190,\"message\":\"no\"}}");
    list_accounts();
    assert_int_equal(outcome.rc, ERR_NEEDS_REAUTH);
    assert_string_equal(outcome.text, "the token's ad accounts: no (Meta's code 190/0)");
}

static int setup(void **state)
{
    (void)state;
    play_reset();
    ended = 0;
    token = secret_new("TOKEN", 5);
    remote_init(&remote, NULL, NULL, NULL, NULL, &settings);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(token);
    return 0;
}

static void test_cancelled_from_outside(void **state)
{
    for (int turns = 1; turns <= 3; turns += 2) { /* before it is sent, and while it is */
        setup(state);
        script(0, 0, 200, account);
        struct remote_call *c = account_check(&remote, provider_find("meta"), "act_1", token, on_checked, &ended);
        play_turns(turns);
        account_check_cancel(c);
        play_to_the_end();
        assert_int_equal(ended, 1);
        assert_int_equal(outcome.rc, ERR_CANCELED);
        assert_int_equal(play.bodies, 0);
        assert_string_equal(play.log, SEEDED "take meta:act_1;send ;cancel;settle;");
        teardown(state);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_check),
        TEST(test_lost_budget_is_seeded_again),
        TEST(test_budget_that_stays_lost),
        TEST(test_limit_of_the_accounts_connections),
        TEST(test_without_the_limit_nothing_is_asked),
        TEST(test_seed_fails),
        TEST(test_spent_budget),
        TEST(test_transient_failures_are_retried_twice),
        TEST(test_third_failure_is_the_last),
        TEST(test_refusals_are_final),
        TEST(test_block_reaches_the_budget),
        TEST(test_cancelled),
        TEST(test_list_of_pages),
        TEST(test_list_in_a_circle),
        TEST(test_list_refused),
        cmocka_unit_test(test_cancelled_from_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
