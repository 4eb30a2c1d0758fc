#include "common/provider/meta/meta_usage.h"
#include "common/provider/meta/meta_verdict.h"
#include "tests/unit/common/provider/meta/answers.h"

#define BUSINESS(id, percent, minutes)                                                                                 \
    "\"" id "\":[{\"type\":\"ads_insights\",\"call_count\":" percent ",\"total_cputime\":23,\"total_time\":5,"         \
    "\"estimated_time_to_regain_access\":" minutes ",\"ads_api_access_tier\":\"development_access\"},"                 \
    "{\"type\":\"ads_management\",\"call_count\":1,\"total_cputime\":1,\"total_time\":1,"                              \
    "\"estimated_time_to_regain_access\":0}]"

#define QUOTA(percent, blocked) ((struct quota){.used_percent = (percent), .blocked_ms = (blocked)})

static void assert_quota(const char *headers, const char *whose, const struct quota *q, int percent, int blocked_s)
{
    if (q->used_percent != percent || q->blocked_ms != (int64_t)blocked_s * 1000)
        fail_msg("%s: %s %d %%, %d ms", headers, whose, q->used_percent, (int)q->blocked_ms);
}

/* An answer's headers say the same whether it is an error or not. */
static void assert_said(const char *headers, const char *account, struct quota of_account, struct quota of_app)
{
    for (int status = 200; status <= 500; status += 100) {
        struct http_answer a = answer_of(status, headers, "{}");
        struct verdict v = {.account = QUOTA(7, 7), .app = QUOTA(7, 7)};
        struct meta_said said;

        meta_usage_read(&a, account, &v, &said);
        assert_quota(headers, "account", &v.account, of_account.used_percent, (int)of_account.blocked_ms);
        assert_quota(headers, "app", &v.app, of_app.used_percent, (int)of_app.blocked_ms);
        http_answer_clear(&a);
    }
}

/* Of the account alone. */
static void assert_usage(const char *headers, const char *account, int percent, int blocked_s)
{
    assert_said(headers, account, QUOTA(percent, blocked_s), QUOTA_UNSAID);
}

static void test_each_header(void **state)
{
    (void)state;
    assert_usage("", "act_123", -1, 0);
    assert_said("X-App-Usage: {\"call_count\":28,\"total_time\":25,\"total_cputime\":31}\r\n", "act_123", QUOTA_UNSAID,
                QUOTA(31, 0));
    assert_usage("x-ad-account-usage: {\"acc_id_util_pct\":0}\r\n", "act_123", 0, 0);
    assert_said("X-FB-Ads-Insights-Throttle: {\"app_id_util_pct\":100,\"acc_id_util_pct\":10,"
                "\"ads_api_access_tier\":\"standard_access\"}\r\n",
                "act_123", QUOTA(10, 0), QUOTA(100, 0));
    assert_usage("X-Business-Use-Case-Usage: {" BUSINESS("123", "97", "0") "}\r\n", "act_123", 97, 0);
}

static void test_all_headers_together(void **state)
{
    (void)state;
    assert_said("X-App-Usage: {\"call_count\":28,\"total_time\":25,\"total_cputime\":31}\r\n"
                "X-Ad-Account-Usage: {\"acc_id_util_pct\":100,\"reset_time_duration\":90}\r\n"
                "X-FB-Ads-Insights-Throttle: {\"app_id_util_pct\":40.5,\"acc_id_util_pct\":10}\r\n"
                "X-Business-Use-Case-Usage: {" BUSINESS("123", "97", "1") "}\r\n",
                "act_123", QUOTA(100, 90), QUOTA(41, 0));
}

static void test_seconds_and_minutes(void **state)
{
    (void)state;
    assert_usage("X-Ad-Account-Usage: {\"acc_id_util_pct\":100.5,\"reset_time_duration\":100}\r\n", "act_123", 101,
                 100);
    /* not blocked: the time says when it will be zero again */
    assert_usage("X-Ad-Account-Usage: {\"acc_id_util_pct\":9.67,\"reset_time_duration\":100}\r\n", "act_123", 10, 0);
    assert_usage("X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "7") "}\r\n", "act_123", 100, 7 * 60);
}

static void test_long_blocks_are_believed_for_a_week(void **state)
{
    (void)state;
    assert_usage("X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "4320") "}\r\n", "act_123", 100, 4320 * 60);
    assert_usage("X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "10080") "}\r\n", "act_123", 100, 10080 * 60);
    assert_usage("X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "10081") "}\r\n", "act_123", 100, 10080 * 60);
    assert_usage("X-Ad-Account-Usage: {\"acc_id_util_pct\":100,\"reset_time_duration\":259200}\r\n", "act_123", 100,
                 259200);
}

static void test_whose_entry(void **state)
{
    const char both[] =
        "X-Business-Use-Case-Usage: {" BUSINESS("999", "80", "9") "," BUSINESS("123", "40", "2") "}\r\n";
    (void)state;

    assert_usage(both, "act_123", 40, 2 * 60);
    assert_usage(both, "act_555", 80, 9 * 60);
    assert_usage(both, NULL, 80, 9 * 60);
}

static void test_nonsense(void **state)
{
    char huge[20000];
    (void)state;

    assert_usage(
        "X-App-Usage: nothing\r\nX-Business-Use-Case-Usage: [1]\r\nX-Ad-Account-Usage: {\"acc_id_util_pct\":\"x\"}"
        "\r\n",
        "act_123", -1, 0);
    assert_usage("X-Business-Use-Case-Usage: {\"123\":7,\"9\":[8,null,{}]}\r\n", NULL, -1, 0);
    assert_usage("X-App-Usage: {\"call_count\":-5}\r\n", "act_123", -1, 0);
    assert_said("X-App-Usage: {\"call_count\":1e300}\r\n", "act_123", QUOTA_UNSAID, QUOTA(1000, 0));
    assert_usage("X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "1e300") "}\r\n", "act_123", 100,
                 7 * 24 * 60 * 60);
    memset(huge, ' ', sizeof huge);
    (void)snprintf(huge, 20, "X-App-Usage: {\"a\":");
    huge[strlen(huge)] = ' ';
    memcpy(huge + sizeof huge - 5, "}\r\n", 4);
    assert_usage(huge, "act_123", -1, 0);
}

/* Meta's own word on how long goes before ours. */
static void test_with_errors(void **state)
{
    struct http_answer a =
        answer_of(400, "X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "12") "}\r\n",
                  "{\"error\":{\"code\":80000,\"error_subcode\":2446079,\"message\":\"(#80000) too many calls\"}}");
    struct verdict v;
    (void)state;

    assert_null(meta_verdict_read(&a, "act_123", &v));
    assert_int_equal(v.rc, ERR_THROTTLED);
    assert_int_equal(v.account.blocked_ms, 12 * 60 * 1000);
    assert_int_equal(v.account.used_percent, 100);
    http_answer_clear(&a);

    /* 17 can come while the percentages show nothing */
    a = answer_of(400, "X-Ad-Account-Usage: {\"acc_id_util_pct\":0.01,\"reset_time_duration\":60}\r\n",
                  "{\"error\":{\"code\":17,\"error_subcode\":2446079,\"message\":\"User request limit reached\"}}");
    assert_null(meta_verdict_read(&a, "act_123", &v));
    assert_int_equal(v.account.blocked_ms, 300 * 1000);
    assert_int_equal(v.account.used_percent, 1);
    http_answer_clear(&a);

    /* the app is throttled, the account's own block is another one */
    a = answer_of(400, "X-Business-Use-Case-Usage: {" BUSINESS("123", "100", "12") "}\r\n",
                  "{\"error\":{\"code\":4,\"message\":\"(#4) Application request limit reached\"}}");
    assert_null(meta_verdict_read(&a, "act_123", &v));
    assert_quota("code 4", "account", &v.account, 100, 12 * 60);
    assert_quota("code 4", "app", &v.app, -1, 0);
    assert_int_equal(v.app.backoff_ms, 60 * 1000);
    http_answer_clear(&a);
}

#define SCORE(percent, seconds, tier)                                                                                  \
    "X-Ad-Account-Usage: {\"acc_id_util_pct\":" percent ",\"reset_time_duration\":" seconds                            \
    ",\"ads_api_access_tier\":\"" tier "_access\"}\r\n"
#define USE_CASE(minutes) "X-Business-Use-Case-Usage: {" BUSINESS("123", "100", minutes) "}\r\n"

/* Each throttle waits for the header that speaks of it; what other quotas want holds as well. */
static void test_whose_time(void **state)
{
    static const struct {
        int code, subcode, blocked_s, backoff_s;
        const char *headers;
    } cases[] = {
        {17, 2446079, 240, 0, SCORE("100", "240", "development")},
        {17, 2446079, 45, 0, SCORE("104.2", "45", "standard")},
        {17, 2446079, 60, 0, SCORE("0", "0", "standard")},
        {17, 2446079, 300, 0, SCORE("0", "0", "development")},
        {17, 2446079, 300, 0, USE_CASE("1")}, /* of another quota */
        {17, 2446079, 720, 0, USE_CASE("12")},
        {613, 1487742, 240, 0, SCORE("100", "240", "development")},
        {613, 1487742, 60, 0, SCORE("3", "0", "standard")},
        {80000, 2446079, 60, 0, USE_CASE("1")},
        {80000, 2446079, 30, 60, SCORE("100", "30", "standard")}, /* of another quota */
        {80000, 2446079, 0, 60, USE_CASE("0")},
        {80004, 2446079, 720, 0, USE_CASE("12") SCORE("100", "30", "standard")},
        {32, 0, 720, 0, USE_CASE("12")},
        {368, 0, 720, 3600, USE_CASE("12")},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[120];
        struct verdict v;

        (void)snprintf(body, sizeof body, "{\"error\":{\"code\":%d,\"error_subcode\":%d}}", cases[i].code,
                       cases[i].subcode);
        struct http_answer a = answer_of(400, cases[i].headers, body);
        assert_null(meta_verdict_read(&a, "act_123", &v));
        if (v.account.blocked_ms != cases[i].blocked_s * INT64_C(1000) ||
            v.account.backoff_ms != cases[i].backoff_s * INT64_C(1000))
            fail_msg("%d, %s: blocked for %d ms, %d ms to wait", cases[i].code, cases[i].headers,
                     (int)v.account.blocked_ms, (int)v.account.backoff_ms);
        http_answer_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_header),         cmocka_unit_test(test_all_headers_together),
        cmocka_unit_test(test_seconds_and_minutes), cmocka_unit_test(test_long_blocks_are_believed_for_a_week),
        cmocka_unit_test(test_whose_entry),         cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_with_errors),         cmocka_unit_test(test_whose_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
