#include "tests/unit/common/provider/meta/page_case.h"

static void test_question(void **state)
{
    struct slice s = test_slice(SLICE_TOTALS);
    struct http_request r;
    struct err e = {0};
    (void)state;

    s.hourly = true; /* totals are of days all the same */
    s.page_limit = 50;
    assert_int_equal(meta_page_request(&test_config, &s, NULL, NULL, &r, &e), 0);
    assert_string_equal(r.url, "https://graph.facebook.com/v26.0/act_123/insights?level=account&time_increment=1"
                               "&time_range=%7B%22since%22%3A%222026-11-01%22%2C%22until%22%3A%222026-11-30%22%7D"
                               "&fields=spend%2Cimpressions%2Cclicks%2Cactions&limit=500");
    http_request_clear(&r);
    assert_int_equal(meta_page_request(&test_config, &s, "i0MTAw", NULL, &r, &e), ERR_GONE);
    assert_int_equal(meta_page_request(&test_config, &(struct slice){.kind = SLICE_FACTS, .account = "act_123"},
                                       "t0MTAw", NULL, &r, &e),
                     ERR_GONE);
}

static void test_answer(void **state)
{
    struct slice s = test_slice(SLICE_TOTALS);
    (void)state;

    assert_int_equal(
        read_reply(&s, NULL, 200,
                   "{\"data\":[{\"spend\":\"1234567890.10\",\"impressions\":\"7\",\"clicks\":\"0\","
                   "\"actions\":[{\"action_type\":\"omni_purchase\",\"value\":\"2\"},"
                   "{\"action_type\":\"purchase\",\"value\":\"2\"},{\"action_type\":\"lead\",\"value\":\"1\"}],"
                   "\"date_start\":\"2026-11-02\",\"date_stop\":\"2026-11-02\"},{\"date_start\":\"2026-11-30\"}],"
                   "\"paging\":{\"cursors\":{\"after\":\"Mg\"},\"next\":\"https://elsewhere/\"}}"),
        0);
    assert_int_equal(page.total_count, 2);
    assert_int_equal(page.fact_count, 0);
    assert_int_equal(page.totals[0].day, s.from + 1);
    assert_string_equal(page.totals[0].spend, "1234567890.1");
    assert_string_equal(page.totals[0].impressions, "7");
    assert_string_equal(page.totals[0].conversions, "3"); /* a purchase that two types count is one */
    assert_int_equal(page.totals[1].day, s.to);
    assert_string_equal(page.totals[1].spend, "0");
    assert_string_equal(page.totals[1].clicks, "0");
    assert_string_equal(page.next, "t0Mg");
    page_clear(&page);
}

static void test_bad_answers(void **state)
{
    struct slice s = test_slice(SLICE_TOTALS);
    (void)state;

    assert_int_equal(read_reply(&s, NULL, 200, "{\"data\":[{\"date_start\":\"2026-12-01\"}]}"), ERR_ANSWER);
    assert_contains(verdict.text, "total 0 of the account");
    assert_int_equal(read_reply(&s, NULL, 200, "{\"data\":[{\"date_start\":\"2026-11-01\",\"spend\":\"x\"}]}"),
                     ERR_ANSWER);
    assert_int_equal(read_reply(&s, NULL, 200, "{\"data\":{}}"), ERR_ANSWER);
    /* There is no filter that could be stepped down. */
    assert_int_equal(read_reply(&s, NULL, 400, "{\"error\":{\"code\":100,\"message\":\"no\"}}"), ERR_BAD_REQUEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_bad_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
