#include "common/provider/meta/meta_page.h"
#include "tests/unit/common/provider/meta/answers.h"

/* Facts that are too much data for one question, asked otherwise. */

static struct page page;
static struct verdict verdict;

static int read_body(const struct slice *s, const char *cursor, int status, const char *body)
{
    struct http_answer a = answer_of(status, "", body);

    meta_page_read(&test_config, s, cursor, &a, &page, &verdict);
    http_answer_clear(&a);
    return verdict.rc;
}

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
    assert_int_equal(read_body(&s, NULL, 200, "{\"data\":[" ROW ",\"spend\":\"1.5\",\"impressions\":\"7\"}]" MORE), 0);
    assert_string_equal(page.next, "n0QQ");
    page_clear(&page);
    assert_int_equal(read_body(&s, "n0QQ", 200, "{\"data\":[" ROW ",\"spend\":\"1.5\",\"reach\":\"6\"}]}"), 0);
    assert_string_equal(page.next, "x0");
    assert_false(page.facts[0].actions_only);
    assert_string_equal(page.facts[0].spend, "1.5");
    assert_string_equal(page.facts[0].reach, "6");
    assert_string_equal(page.facts[0].actions, "{}");
    page_clear(&page);
    assert_int_equal(
        read_body(&s, "x0", 200, "{\"data\":[" ROW ",\"actions\":[{\"action_type\":\"lead\",\"value\":\"2\"}]}]}"), 0);
    assert_null(page.next);
    assert_true(page.facts[0].actions_only);
    assert_string_equal(page.facts[0].leads, "2");
    assert_string_equal(page.facts[0].spend, "0");
    page_clear(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_asked_for_one_after_the_other),
        cmocka_unit_test(test_parts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
