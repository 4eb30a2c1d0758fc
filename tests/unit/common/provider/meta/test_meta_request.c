#include "common/provider/meta/meta_page.h"
#include "tests/unit/common/provider/meta/answers.h"

/* Gone from the API, or ignored and misleading. */
static const char *const never[] = {
    "ids=", "date_format", "pretty", "debug", "use_unified_attribution_setting", "action_report_time", "access_token"};

static struct http_request request_of(const struct slice *s, const char *cursor)
{
    struct http_request r;
    struct err e = {0};

    assert_int_equal(meta_page_request(&test_config, s, cursor, NULL, &r, &e), 0);
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_lacks(r.url, never[i]);
    assert_string_equal(r.method, "GET");
    assert_null(r.body);
    return r;
}

static void test_facts(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    struct http_request r = request_of(&s, NULL);
    (void)state;

    assert_true(str_starts(r.url, "https://graph.facebook.com/v26.0/act_123/insights?level=ad&time_increment=1&"));
    assert_contains(r.url, "&time_range=%7B%22since%22%3A%222026-11-01%22%2C%22until%22%3A%222026-11-30%22%7D&");
    assert_contains(r.url, "&fields=campaign_id%2Cadset_id%2Cad_id%2Cimpressions%2Cclicks%2Cspend%2Creach%2C"
                           "attribution_setting%2Cactions%2Caction_values&");
    assert_contains(r.url, "&filtering=%5B%7B%22field%22%3A%22ad.effective_status%22%2C%22operator%22%3A%22IN%22%2C");
    assert_contains(r.url, "%22ARCHIVED%22");
    assert_contains(r.url, "%22DELETED%22");
    assert_contains(r.url, "&limit=1000");
    assert_lacks(r.url, "after=");
    assert_lacks(r.url, "breakdowns");
    http_request_clear(&r);
}

static void test_hourly(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    struct http_request r;
    (void)state;

    s.hourly = true;
    r = request_of(&s, "i0MAZDZD");
    assert_contains(r.url, "&breakdowns=%5B%22hourly_stats_aggregated_by_advertiser_time_zone%22%5D&");
    assert_contains(r.url, "&fields=campaign_id%2Cadset_id%2Cad_id%2Cimpressions%2Cclicks%2Cspend&");
    assert_lacks(r.url, "reach");
    assert_contains(r.url, "&after=MAZDZD");
    http_request_clear(&r);
}

static void test_listings_and_steps(void **state)
{
    const struct {
        const char *cursor, *edge, *field;
        bool filter, deleted;
    } cases[] = {
        {NULL, "/campaigns?", "objective", true, true},     {"c1", "/campaigns?", "objective", true, false},
        {"c2", "/campaigns?", "objective", false, false},   {"s0", "/adsets?", "optimization_goal", true, true},
        {"s1QVFI", "/adsets?", "campaign_id", true, false}, {"a0", "/ads?", "adset_id", true, true},
        {"a2", "/ads?", "campaign_id", false, false},
    };
    struct slice s = test_slice(SLICE_ENTITIES);
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request r = request_of(&s, cases[i].cursor);

        assert_contains(r.url, cases[i].edge);
        assert_contains(r.url, cases[i].field);
        assert_int_equal(strstr(r.url, "effective_status=") != NULL, cases[i].filter);
        assert_int_equal(strstr(r.url, "DELETED") != NULL, cases[i].deleted);
        assert_contains(r.url, "&limit=500");
        http_request_clear(&r);
    }
}

/* Fields that may be refused are left out, whatever the filter; what has none asks as before. */
static void test_few_fields(void **state)
{
    const struct {
        enum slice_kind kind;
        bool hourly, in_parts;
        const char *cursor, *fields, *lacks;
    } cases[] = {
        {SLICE_ENTITIES, false, false, "c3", "created_time%2Cupdated_time&", "objective"},
        {SLICE_ENTITIES, false, false, "s4QVFI", "updated_time%2Ccampaign_id&", "DELETED"},
        {SLICE_ENTITIES, false, false, "a5", "updated_time%2Ccampaign_id%2Cadset_id&", "effective_status="},
        {SLICE_FACTS, false, false, "i3", "%2Cspend%2Cactions%2Caction_values&", "reach"},
        {SLICE_FACTS, false, true, "n3", "%2Cspend&", "attribution_setting"},
        {SLICE_FACTS, true, false, "i3", "%2Cspend&", "reach"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice s = test_slice(cases[i].kind);
        struct http_request r;

        s.hourly = cases[i].hourly;
        s.in_parts = cases[i].in_parts;
        r = request_of(&s, cases[i].cursor);
        assert_contains(r.url, cases[i].fields);
        assert_lacks(r.url, cases[i].lacks);
        http_request_clear(&r);
    }
}

/* The step without a filter asks for all there is, as the edge may refuse that condition too. */
static void test_only_what_changed(void **state)
{
    const char *const cases[][2] = {
        {NULL, "campaign"}, {"c1", "campaign"}, {"s0QVFI", "adset"}, {"a0", "ad"}, {"a2", NULL}};
    struct slice s = test_slice(SLICE_ENTITIES);
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_request r;
        char filter[200];

        s.since_s = 0;
        r = request_of(&s, cases[i][0]);
        assert_lacks(r.url, "filtering=");
        http_request_clear(&r);
        s.since_s = 1763856000;
        r = request_of(&s, cases[i][0]);
        (void)snprintf(filter, sizeof filter,
                       "&filtering=%%5B%%7B%%22field%%22%%3A%%22%s.updated_time%%22%%2C%%22operator%%22%%3A"
                       "%%22GREATER_THAN%%22%%2C%%22value%%22%%3A1763856000%%7D%%5D&",
                       cases[i][1] != NULL ? cases[i][1] : "");
        if (cases[i][1] == NULL)
            assert_lacks(r.url, "filtering=");
        else
            assert_contains(r.url, filter);
        assert_int_equal(strstr(r.url, "effective_status=") != NULL, cases[i][1] != NULL);
        http_request_clear(&r);
    }
}

static void test_cursors_of_others(void **state)
{
    const char *const bad[] = {"", "c", "x0", "c6", "cc", "MAZDZD", "i0", "l00"};
    struct slice s = test_slice(SLICE_ENTITIES);
    struct http_request r;
    struct err e = {0};
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(meta_page_request(&test_config, &s, bad[i], NULL, &r, &e), ERR_GONE);
    s.kind = SLICE_FACTS;
    assert_int_equal(meta_page_request(&test_config, &s, "c0", NULL, &r, &e), ERR_GONE);
}

static void test_token_and_proof(void **state)
{
    struct secret *token = secret_new("TOKEN123", 8), *app_secret = secret_new("APPSECRET", 9);
    struct provider_config config = test_config;
    struct slice s = test_slice(SLICE_FACTS);
    struct http_request r;
    struct err e = {0};
    (void)state;

    assert_int_equal(meta_page_request(&config, &s, NULL, token, &r, &e), 0);
    assert_ptr_equal(r.bearer, token);
    assert_lacks(r.url, "appsecret_proof");
    http_request_clear(&r);

    config.app_secret = app_secret;
    config.graph_url = "http://127.0.0.1:8911/";
    assert_int_equal(meta_page_request(&config, &s, NULL, token, &r, &e), 0);
    assert_true(str_starts(r.url, "http://127.0.0.1:8911/v26.0/act_123/insights?"));
    assert_contains(r.url, "&appsecret_proof=ff3d00b40e9d0c2531bebc8f7b98c57434d0f8779a09cd83f0bf90d0017bf1c8");
    assert_lacks(r.url, "TOKEN123");
    http_request_clear(&r);
    secret_free(token);
    secret_free(app_secret);
}

static void test_nothing_escapes_its_parameter(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    struct http_request r = request_of(&s, "i0a&limit=9#x y");
    char *huge = malloc(20001);
    struct err e = {0};
    (void)state;

    assert_contains(r.url, "&after=a%26limit%3D9%23x%20y");
    http_request_clear(&r);
    memset(huge, 'x', 20000);
    memcpy(huge, "i0", 2);
    huge[20000] = '\0';
    assert_int_equal(meta_page_request(&test_config, &s, huge, NULL, &r, &e), ERR_LIMIT);
    free(huge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_hourly),
        cmocka_unit_test(test_listings_and_steps),
        cmocka_unit_test(test_few_fields),
        cmocka_unit_test(test_only_what_changed),
        cmocka_unit_test(test_cursors_of_others),
        cmocka_unit_test(test_token_and_proof),
        cmocka_unit_test(test_nothing_escapes_its_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
