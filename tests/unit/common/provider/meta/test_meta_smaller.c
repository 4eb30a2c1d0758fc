#include "tests/unit/common/provider/meta/page_case.h"

/* Facts that are too much data for one question, asked otherwise. */

static struct http_request request_of(const struct slice *s, const char *cursor)
{
    struct http_request r;
    struct err e = {0};

    assert_int_equal(meta_page_request(&test_config, s, cursor, NULL, &r, &e), 0);
    return r;
}

static void refuse_cursor(const struct slice *s, const char *cursor)
{
    struct http_request r;
    struct err e = {0};

    assert_int_equal(meta_page_request(&test_config, s, cursor, NULL, &r, &e), ERR_GONE);
}

/* --- in two parts --- */

#define ROW "{\"campaign_id\":\"1\",\"adset_id\":\"2\",\"ad_id\":\"3\",\"date_start\":\"2026-11-14\""
#define MORE ",\"paging\":{\"cursors\":{\"after\":\"QQ\"},\"next\":\"https://graph.facebook.com/x?after=QQ\"}}"

static void test_parts_are_asked_for_one_after_the_other(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    struct http_request r;
    (void)state;

    s.in_parts = true;
    r = request_of(&s, NULL);
    assert_contains(r.url, "/act_123/insights?level=ad&");
    assert_contains(
        r.url, "&fields=campaign_id%2Cadset_id%2Cad_id%2Cimpressions%2Cclicks%2Cspend%2Creach%2Cattribution_setting&");
    assert_contains(r.url, "ad.effective_status");
    http_request_clear(&r);
    r = request_of(&s, "x1QQ");
    assert_contains(r.url, "&fields=campaign_id%2Cadset_id%2Cad_id%2Cactions%2Caction_values&");
    assert_contains(r.url, "&after=QQ");
    assert_contains(r.url, "ad.effective_status");
    assert_lacks(r.url, "DELETED");
    http_request_clear(&r);
    refuse_cursor(&s, "i0QQ");
    s.in_parts = false;
    refuse_cursor(&s, "x0QQ");
    refuse_cursor(&s, "n0QQ");
}

static void test_parts_are_read(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    s.in_parts = true;
    assert_int_equal(read_reply(&s, NULL, 200, "{\"data\":[" ROW ",\"spend\":\"1.5\",\"impressions\":\"7\"}]" MORE), 0);
    assert_string_equal(page.next, "n0QQ");
    page_clear(&page);
    assert_int_equal(read_reply(&s, "n0QQ", 200, "{\"data\":[" ROW ",\"spend\":\"1.5\",\"reach\":\"6\"}]}"), 0);
    assert_string_equal(page.next, "x0");
    assert_false(page.facts[0].actions_only);
    assert_string_equal(page.facts[0].spend, "1.5");
    assert_string_equal(page.facts[0].reach, "6");
    assert_string_equal(page.facts[0].actions, "{}");
    page_clear(&page);
    assert_int_equal(
        read_reply(&s, "x0", 200, "{\"data\":[" ROW ",\"actions\":[{\"action_type\":\"lead\",\"value\":\"2\"}]}]}"), 0);
    assert_null(page.next);
    assert_true(page.facts[0].actions_only);
    assert_string_equal(page.facts[0].leads, "2");
    assert_string_equal(page.facts[0].spend, "0");
    page_clear(&page);
}

/* --- as a report --- */

static void test_report_requests(void **state)
{
    struct slice s = test_slice(SLICE_REPORT);
    struct http_request r = request_of(&s, NULL);
    (void)state;

    assert_string_equal(r.method, "POST");
    assert_contains(r.url, "https://graph.facebook.com/v26.0/act_123/insights?level=ad&time_increment=1&time_range=");
    assert_contains(r.url, "%2Creach%2Cattribution_setting%2Cactions%2Caction_values&");
    assert_contains(r.url, "DELETED");
    assert_lacks(r.url, "limit=");
    http_request_clear(&r);
    r = request_of(&s, "r1");
    assert_lacks(r.url, "DELETED");
    http_request_clear(&r);
    s.hourly = true;
    r = request_of(&s, NULL);
    assert_contains(r.url, "&breakdowns=");
    http_request_clear(&r);
    s.report = "6023920149050";
    r = request_of(&s, NULL);
    assert_string_equal(r.method, "GET");
    assert_string_equal(r.url, "https://graph.facebook.com/v26.0/6023920149050?fields=async_status%2C"
                               "async_percent_completion%2Cerror_code%2Cerror_subcode%2Cerror_message");
    http_request_clear(&r);
    s.kind = SLICE_FACTS;
    r = request_of(&s, "w0QQ");
    assert_string_equal(r.url, "https://graph.facebook.com/v26.0/6023920149050/insights?limit=1000&after=QQ");
    http_request_clear(&r);
    refuse_cursor(&s, "i0QQ");
}

static void expect_word(const struct slice *s, int status, const char *body, enum report_word word, int percent)
{
    assert_int_equal(read_reply(s, NULL, status, body), 0);
    assert_int_equal(page.report_word, word);
    assert_int_equal(page.report_percent, percent);
    page_clear(&page);
}

static void expect_failure(const struct slice *s, int status, const char *body, int rc)
{
    assert_int_equal(read_reply(s, NULL, status, body), rc);
    assert_null(page.next);
}

static void test_a_report_is_made(void **state)
{
    struct slice s = test_slice(SLICE_REPORT);
    (void)state;

    assert_int_equal(read_reply(&s, NULL, 200, "{\"report_run_id\":\"6023920149050\"}"), 0);
    assert_int_equal(page.report_word, REPORT_MADE);
    assert_string_equal(page.report, "6023920149050");
    assert_null(page.next);
    page_clear(&page);
    assert_int_equal(read_reply(&s, NULL, 200, "{\"report_run_id\":6023920149050}"), 0);
    assert_string_equal(page.report, "6023920149050");
    page_clear(&page);
    expect_failure(&s, 200, "{\"report_run_id\":\"12/../34\"}", ERR_ANSWER);
    expect_failure(&s, 200, "{\"report_run_id\":\"12345678901234567890123456789012\"}", ERR_ANSWER);
    expect_failure(&s, 200, "{}", ERR_ANSWER);
    expect_failure(&s, 400, "{\"error\":{\"code\":100,\"error_subcode\":1487534}}", ERR_TOO_MUCH_DATA);
    /* A refused status filter, as of every listing. */
    assert_int_equal(read_reply(&s, NULL, 400, "{\"error\":{\"code\":100}}"), 0);
    assert_int_equal(page.report_word, REPORT_SAYS_NOTHING);
    assert_string_equal(page.next, "r1");
    page_clear(&page);
}

#define STATE(status, percent) "{\"id\":\"7\",\"async_status\":\"" status "\",\"async_percent_completion\":" percent
#define ERROR(code, subcode) "{\"error\":{\"code\":" code ",\"error_subcode\":" subcode ",\"message\":\"no\"}}"

static void test_a_report_is_looked_at(void **state)
{
    struct slice s = test_slice(SLICE_REPORT);
    (void)state;

    s.report = "7";
    expect_word(&s, 200, STATE("Job Not Started", "0}"), REPORT_PENDING, 0);
    expect_word(&s, 200, STATE("Job Running", "\"47\"}"), REPORT_PENDING, 47);
    expect_word(&s, 200, STATE("Job Running", "100,\"is_running\":true}"), REPORT_PENDING, 100);
    expect_word(&s, 200, STATE("Job Completed", "99}"), REPORT_PENDING, 99);
    expect_word(&s, 200, STATE("Something New", "12}"), REPORT_PENDING, 12);
    expect_word(&s, 200, STATE("Job Completed", "100,\"is_running\":true}"), REPORT_READY, 100);
    expect_word(&s, 200, STATE("Job Skipped", "0}"), REPORT_LOST, 0);
    expect_word(&s, 200, STATE("Job Failed", "0}"), REPORT_LOST, 0);
    expect_word(&s, 200, STATE("Job Failed", "100,\"error_code\":2,\"error_message\":\"odd\"}"), REPORT_LOST, 100);
    assert_contains(verdict.text, "odd");
    expect_failure(&s, 200, STATE("Job Failed", "50,\"error_code\":100,\"error_subcode\":1487534}"), ERR_TOO_MUCH_DATA);
    expect_failure(&s, 200, STATE("Job Failed", "50,\"error_code\":-3,\"error_subcode\":1504045}"), ERR_TOO_MUCH_DATA);
    expect_failure(&s, 200, STATE("Job Running", "101}"), ERR_ANSWER);
    expect_failure(&s, 200, "{\"id\":\"7\"}", ERR_ANSWER);
    expect_word(&s, 400, ERROR("100", "33"), REPORT_UNSEEN, 0);
    expect_word(&s, 400, ERROR("2601", "1815107"), REPORT_PENDING, 0);
    expect_failure(&s, 400, ERROR("190", "0"), ERR_NEEDS_REAUTH);
    expect_failure(&s, 400, ERROR("100", "0"), ERR_TRANSIENT); /* "Cannot include … in summary param" */
    expect_failure(&s, 400, ERROR("80000", "2446079"), ERR_THROTTLED);
}

static void test_pages_of_a_report(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    s.report = "7";
    assert_int_equal(read_reply(&s, NULL, 200, "{\"data\":[" ROW ",\"spend\":\"2\"}]" MORE), 0);
    assert_int_equal(page.report_word, REPORT_SAYS_NOTHING);
    assert_string_equal(page.facts[0].spend, "2");
    assert_string_equal(page.next, "w0QQ");
    page_clear(&page);
    assert_int_equal(read_reply(&s, "w0QQ", 200, "{\"data\":[]}"), 0);
    assert_null(page.next);
    page_clear(&page);
    expect_word(&s, 400, ERROR("2601", "1815107"), REPORT_PENDING, 0);
    expect_word(&s, 400, ERROR("100", "33"), REPORT_UNSEEN, 0);
    expect_failure(&s, 400, ERROR("100", "0"), ERR_TRANSIENT);
    expect_failure(&s, 400, ERROR("100", "1487534"), ERR_TOO_MUCH_DATA);
}

/* --- campaign by campaign --- */

static const struct lookup campaigns[] = {{"campaign", "1201"}, {"campaign", "1207"}};

static struct slice by_campaign(void)
{
    struct slice s = test_slice(SLICE_FACTS);

    s.lookups = campaigns;
    s.lookup_count = 2;
    return s;
}

static void test_campaigns_with_facts(void **state)
{
    struct slice s = test_slice(SLICE_CAMPAIGNS);
    struct http_request r = request_of(&s, NULL);
    (void)state;

    assert_contains(r.url, "/act_123/insights?level=campaign&time_increment=1&time_range=");
    assert_contains(r.url, "&fields=campaign_id%2Cspend%2Cimpressions%2Cactions&");
    assert_contains(r.url, "ad.effective_status");
    http_request_clear(&r);
    assert_int_equal(read_reply(&s, NULL, 200, "{\"data\":[{\"campaign_id\":\"1201\"},{\"campaign_id\":1207}]" MORE),
                     0);
    assert_int_equal(page.entity_count, 2);
    assert_string_equal(page.entities[0].external_id, "1201");
    assert_string_equal(page.entities[1].external_id, "1207");
    assert_string_equal(page.entities[1].level, "campaign");
    assert_string_equal(page.next, "g0QQ");
    page_clear(&page);
    expect_failure(&s, 200, "{\"data\":[{\"campaign_id\":\"1\\\"]\"}]}", ERR_ANSWER);
    expect_failure(&s, 200, "{\"data\":[{\"spend\":\"1\"}]}", ERR_ANSWER);
    expect_failure(&s, 400, ERROR("100", "1487534"), ERR_TOO_MUCH_DATA);
}

#define OF_CAMPAIGN(id)                                                                                                \
    "%7B%22field%22%3A%22campaign.id%22%2C%22operator%22%3A%22IN%22%2C%22value%22%3A%5B%22" id "%22%5D%7D"

static void test_one_campaign_after_the_other(void **state)
{
    struct slice s = by_campaign();
    struct http_request r = request_of(&s, NULL);
    (void)state;

    assert_contains(r.url, "/act_123/insights?level=ad&");
    assert_contains(r.url, "%2Cactions%2Caction_values&");
    assert_contains(r.url, "%7D%2C" OF_CAMPAIGN("1201") "%5D&limit=1000");
    assert_contains(r.url, "DELETED");
    http_request_clear(&r);
    r = request_of(&s, "b21:QVFI:x");
    assert_contains(r.url, "&filtering=%5B" OF_CAMPAIGN("1207") "%5D&");
    assert_contains(r.url, "&after=QVFI%3Ax");
    http_request_clear(&r);
    refuse_cursor(&s, "b02:");
    refuse_cursor(&s, "b0-1:");
    refuse_cursor(&s, "b099999999999999999999:");
    refuse_cursor(&s, "i0QQ");
    s.lookup_count = 0;
    refuse_cursor(&s, "b01:");
}

static void expect_next(const struct slice *s, const char *cursor, int status, const char *body, const char *next)
{
    assert_int_equal(read_reply(s, cursor, status, body), 0);
    if (next == NULL)
        assert_null(page.next);
    else
        assert_string_equal(page.next, next);
    page_clear(&page);
}

static void test_pages_by_campaign(void **state)
{
    struct slice s = by_campaign();
    (void)state;

    expect_next(&s, NULL, 200, "{\"data\":[" ROW "}]" MORE, "b00:QQ");
    expect_next(&s, "b10:Q1", 200, "{\"data\":[" ROW "}]" MORE, "b10:QQ");
    expect_next(&s, "b10:Q1", 200, "{\"data\":[" ROW "}]}", "b11:");
    expect_next(&s, "b11:", 200, "{\"data\":[" ROW "}]" MORE, "b11:QQ");
    expect_next(&s, "b11:QQ", 200, "{\"data\":[]}", NULL);
    assert_int_equal(read_reply(&s, "b11:QQ", 200, "{\"data\":[]" MORE), ERR_ANSWER); /* the same page for ever */
    expect_next(&s, "b11:", 400, ERROR("100", "0"), "b21:");   /* a status filter that is refused */
    expect_next(&s, "b21:QQ", 400, ERROR("100", "0"), "b31:"); /* or a field */
    assert_int_equal(read_reply(&s, "b51:", 400, ERROR("100", "0")), ERR_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_asked_for_one_after_the_other),
        cmocka_unit_test(test_parts_are_read),
        cmocka_unit_test(test_report_requests),
        cmocka_unit_test(test_a_report_is_made),
        cmocka_unit_test(test_a_report_is_looked_at),
        cmocka_unit_test(test_pages_of_a_report),
        cmocka_unit_test(test_campaigns_with_facts),
        cmocka_unit_test(test_one_campaign_after_the_other),
        cmocka_unit_test(test_pages_by_campaign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
