#include "tests/unit/common/provider/meta/page_case.h"

static const struct lookup wanted[] = {{"ad", "1203"}, {"adset", "1202"}, {"campaign", "12 01/x"}};

static struct slice lookups(void)
{
    struct slice s = test_slice(SLICE_LOOKUPS);

    s.currency = "HUF";
    s.since_s = 1700000000;
    s.lookups = wanted;
    s.lookup_count = 3;
    return s;
}

static int read_lookup(const char *cursor, int status, const char *body)
{
    struct slice s = lookups();

    return read_reply(&s, cursor, status, body);
}

static void test_each_is_asked_for_by_its_id(void **state)
{
    const char *const cases[][3] = {
        {NULL, "/v26.0/1203?fields=id%2Cname%2C", "%2Cadset_id"},
        {"l00", "/v26.0/1203?fields=", "%2Cadset_id"},
        {"l01", "/v26.0/1202?fields=", "%2Coptimization_goal"},
        {"l02", "/v26.0/12%2001%2Fx?fields=", "%2Cobjective"},
    };
    struct slice s = lookups();
    struct http_request r;
    struct err e = {0};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(meta_page_request(&test_config, &s, cases[i][0], NULL, &r, &e), 0);
        assert_contains(r.url, cases[i][1]);
        assert_contains(r.url, cases[i][2]);
        assert_lacks(r.url, "limit=");
        assert_lacks(r.url, "filtering=");
        assert_lacks(r.url, "effective_status=");
        http_request_clear(&r);
    }
}

static void test_cursors_of_others(void **state)
{
    const char *const bad[] = {"l03", "l0-1", "l0x", "l01 ", "c0", "i0", "1"};
    struct slice s = lookups();
    struct http_request r;
    struct err e = {0};
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(meta_page_request(&test_config, &s, bad[i], NULL, &r, &e), ERR_GONE);
        assert_int_equal(read_lookup(bad[i], 200, "{\"id\":\"1\"}"), ERR_GONE);
    }
    s.kind = SLICE_ENTITIES;
    assert_int_equal(meta_page_request(&test_config, &s, "l00", NULL, &r, &e), ERR_GONE);
}

static void test_an_object_is_a_page(void **state)
{
    (void)state;
    assert_int_equal(read_lookup(NULL, 200,
                                 "{\"id\":\"1203\",\"name\":\"old\",\"effective_status\":\"DELETED\","
                                 "\"adset_id\":\"1202\",\"campaign_id\":\"1201\"}"),
                     0);
    assert_int_equal(page.entity_count, 1);
    assert_string_equal(page.entities[0].level, "ad");
    assert_string_equal(page.entities[0].external_id, "1203");
    assert_string_equal(page.entities[0].name, "old");
    assert_string_equal(page.entities[0].status, "DELETED");
    assert_string_equal(page.entities[0].parent_external_id, "1202");
    assert_string_equal(page.entities[0].campaign_external_id, "1201");
    assert_string_equal(page.next, "l01");
    page_clear(&page);
    assert_int_equal(read_lookup("l01", 200, "{\"id\":\"1202\",\"daily_budget\":\"5000\",\"campaign_id\":\"1201\"}"),
                     0);
    assert_string_equal(page.entities[0].level, "adset");
    assert_string_equal(page.entities[0].parent_external_id, "1201");
    assert_string_equal(page.entities[0].daily_budget, "5000");
    assert_string_equal(page.next, "l02");
    page_clear(&page);
    assert_int_equal(read_lookup("l02", 200, "{\"id\":\"1201\",\"objective\":\"REACH\"}"), 0);
    assert_string_equal(page.entities[0].objective, "REACH");
    assert_null(page.next);
    page_clear(&page);
    assert_int_equal(read_lookup("l02", 200, "{\"name\":\"no id\"}"), ERR_ANSWER);
}

/* The others are asked for all the same. */
static void test_what_is_gone_is_an_empty_page(void **state)
{
    const char *const gone[] = {"{\"error\":{\"code\":100,\"error_subcode\":33,\"message\":\"does not exist\"}}",
                                "{\"error\":{\"code\":803,\"message\":\"Some of the aliases do not exist\"}}"};
    (void)state;

    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        assert_int_equal(read_lookup("l01", 400, gone[i]), 0);
        assert_int_equal(page.entity_count, 0);
        assert_string_equal(page.next, "l02");
        page_clear(&page);
        assert_int_equal(read_lookup("l02", 400, gone[i]), 0);
        assert_null(page.next);
        page_clear(&page);
        assert_int_equal(read_lookup("l02", 500, gone[i]), ERR_TRANSIENT);
    }
}

/* Any other 100, and a missing permission, may mean a field: the same object with fewer of them, and so do those behind
 * it. An ad has none that may be left out. */
static void test_a_refused_field_is_left_out(void **state)
{
    static const char no_field[] =
        "{\"error\":{\"code\":100,\"message\":\"(#100) Tried accessing nonexisting field\"}}",
                      no_right[] = "{\"error\":{\"code\":10,\"message\":\"(#10) Permission Denied\"}}";
    struct slice s = lookups();
    struct http_request r;
    struct err e = {0};
    (void)state;

    assert_int_equal(read_lookup("l01", 403, no_right), 0);
    assert_string_equal(page.next, "l31");
    assert_true(verdict.stepped_down);
    page_clear(&page);
    assert_int_equal(read_lookup("l02", 400, no_field), 0);
    assert_string_equal(page.next, "l32");
    page_clear(&page);
    assert_int_equal(meta_page_request(&test_config, &s, "l31", NULL, &r, &e), 0);
    assert_contains(r.url, "updated_time%2Ccampaign_id");
    assert_lacks(r.url, "optimization_goal");
    http_request_clear(&r);
    assert_int_equal(read_lookup("l31", 200, "{\"id\":\"1202\",\"campaign_id\":\"1\"}"), 0);
    assert_null(page.entities[0].details);
    assert_string_equal(page.next, "l32");
    page_clear(&page);
    assert_int_equal(read_lookup("l31", 400, no_field), 0); /* so it was none of the fields */
    assert_string_equal(page.next, "l32");
    page_clear(&page);
    assert_int_equal(read_lookup("l31", 403, no_right), ERR_NO_ACCESS);
    assert_int_equal(read_lookup("l00", 403, no_right), ERR_NO_ACCESS);
    assert_int_equal(read_lookup("l00", 400, no_field), 0);
    assert_string_equal(page.next, "l01");
    page_clear(&page);
}

static void test_other_errors_stay_what_they_are(void **state)
{
    (void)state;
    assert_int_equal(read_lookup(NULL, 400, "{\"error\":{\"code\":190}}"), ERR_NEEDS_REAUTH);
    assert_int_equal(read_lookup(NULL, 403, "{\"error\":{\"code\":200}}"), ERR_NO_ACCESS);
    assert_int_equal(read_lookup(NULL, 400, "{\"error\":{\"code\":80004}}"), ERR_THROTTLED);
    assert_int_equal(read_lookup(NULL, 400, "{\"error\":{\"code\":2635}}"), ERR_SETTING);
    assert_int_equal(read_lookup(NULL, 502, "<html>"), ERR_TRANSIENT);
    assert_int_equal(read_lookup(NULL, 200, "true"), ERR_ANSWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_asked_for_by_its_id), cmocka_unit_test(test_cursors_of_others),
        cmocka_unit_test(test_an_object_is_a_page),         cmocka_unit_test(test_what_is_gone_is_an_empty_page),
        cmocka_unit_test(test_a_refused_field_is_left_out), cmocka_unit_test(test_other_errors_stay_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
