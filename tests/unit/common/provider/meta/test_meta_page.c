#include "tests/unit/common/provider/meta/page_case.h"

/* --- insights --- */

static const char real_row[] =
    "{\"data\":[{\"account_id\":\"123\",\"campaign_id\":\"1201\",\"adset_id\":\"1202\",\"ad_id\":\"1203\","
    "\"ad_name\":\"Video A\",\"impressions\":\"32479\",\"clicks\":\"1293\",\"spend\":\"13899.48\",\"reach\":\"20926\","
    "\"frequency\":\"1.552088\",\"cpc\":\"10.749791\",\"attribution_setting\":\"7d_click_1d_view\","
    "\"actions\":[{\"action_type\":\"link_click\",\"value\":\"985\"},"
    "{\"action_type\":\"offsite_conversion.fb_pixel_purchase\",\"value\":\"10\",\"7d_click\":\"9\",\"1d_view\":\"1\"},"
    "{\"action_type\":\"purchase\",\"value\":\"10\",\"7d_click\":\"9\",\"1d_view\":\"1\"},"
    "{\"action_type\":\"omni_purchase\",\"value\":\"10\",\"7d_click\":\"9\",\"1d_view\":\"1\"}],"
    "\"action_values\":[{\"action_type\":\"omni_purchase\",\"value\":\"15742.14\"}],"
    "\"date_start\":\"2026-11-14\",\"date_stop\":\"2026-11-14\"}],"
    "\"paging\":{\"cursors\":{\"before\":\"MAZDZD\",\"after\":\"MAZDZD\"}}}";

static void test_real_row(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    const struct fact_row *f;
    char day[DATE_TEXT];
    (void)state;

    assert_int_equal(read_body(&s, NULL, real_row), 0);
    assert_int_equal(page.fact_count, 1);
    assert_int_equal(page.entity_count, 0);
    assert_null(page.next); /* after without next: the end */
    f = &page.facts[0];
    assert_string_equal(f->campaign_id, "1201");
    assert_string_equal(f->adset_id, "1202");
    assert_string_equal(f->ad_id, "1203");
    assert_string_equal(date_text(f->day, day), "2026-11-14");
    assert_int_equal(f->hour, -1);
    assert_string_equal(f->spend, "13899.48");
    assert_string_equal(f->impressions, "32479");
    assert_string_equal(f->clicks, "1293");
    assert_string_equal(f->reach, "20926");
    assert_string_equal(f->attribution_setting, "7d_click_1d_view");
    assert_string_equal(f->link_clicks, "985");
    assert_string_equal(f->purchases, "10");
    assert_string_equal(f->revenue, "15742.14");
    assert_string_equal(f->conversions, "10");
    assert_string_equal(f->leads, "0");
    assert_string_equal(f->actions, "{\"link_click\":985,\"offsite_conversion.fb_pixel_purchase\":10,\"purchase\":10,"
                                    "\"omni_purchase\":10}");
    assert_string_equal(f->action_values, "{\"omni_purchase\":15742.14}");
    page_clear(&page);
}

/* A day with purchases of earlier clicks and no delivery of its own; what is absent is 0, or unknown. */
static void test_sparse_row(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    const struct fact_row *f;
    (void)state;

    assert_int_equal(read_body(&s, NULL,
                               "{\"data\":[{\"ad_id\":1203,\"date_start\":\"2026-11-01\",\"spend\":\"0.00\","
                               "\"impressions\":\"0\",\"actions\":[{\"action_type\":\"purchase\",\"value\":\"1\"}]},"
                               "{\"ad_id\":\"1204\",\"date_start\":\"2026-11-30\",\"spend\":12,\"clicks\":null,"
                               "\"impressions\":\"007\"}]}"),
                     0);
    assert_int_equal(page.fact_count, 2);
    f = &page.facts[0];
    assert_string_equal(f->ad_id, "1203");
    assert_null(f->campaign_id);
    assert_string_equal(f->spend, "0");
    assert_string_equal(f->clicks, "0");
    assert_null(f->reach);
    assert_null(f->attribution_setting);
    assert_string_equal(f->purchases, "1");
    assert_string_equal(f->action_values, "{}");
    f = &page.facts[1];
    assert_string_equal(f->spend, "12");
    assert_string_equal(f->impressions, "7");
    assert_string_equal(f->actions, "{}");
    page_clear(&page);
}

static void test_bad_rows(void **state)
{
    const char *const bad[][2] = {
        {"\"spend\":\"abc\"", "spend is \"abc\""},
        {"\"spend\":\"-1.00\"", "spend is \"-1.00\""},
        {"\"spend\":\"1e400\"", "spend is \"1e400\""},
        {"\"spend\":1.5", "spend is no decimal"},
        {"\"spend\":[]", "spend is no decimal"},
        {"\"impressions\":\"1.5\"", "impressions is \"1.5\""},
        {"\"impressions\":\"-1\"", "impressions is \"-1\""},
        {"\"impressions\":\"9223372036854775808\"", "impressions is \"9223372036854775808\""},
        {"\"clicks\":\"\"", "clicks is \"\""},
        {"\"reach\":true", "reach is no whole number"},
        {"\"actions\":7", "actions is no list"},
        {"\"attribution_setting\":{}", "attribution_setting is no text"},
        {"\"date_start\":\"2026-10-31\"", "date_start 2026-10-31 is outside"},
        {"\"date_start\":\"2026-12-01\"", "date_start 2026-12-01 is outside"},
        {"\"date_start\":\"2026-11-31\"", "date_start is no day"},
        {"\"date_stop\":\"2026-11-02\"", "date_start 2026-11-01 and date_stop 2026-11-02"},
    };
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char body[300];

        /* of a key that comes twice the last counts */
        (void)snprintf(body, sizeof body, "{\"data\":[{\"ad_id\":\"77\",\"date_start\":\"2026-11-01\",%s}]}",
                       bad[i][0]);
        assert_int_equal(read_body(&s, NULL, body), ERR_ANSWER);
        assert_contains(verdict.text, "insights row 0, ad 77: ");
        assert_contains(verdict.text, bad[i][1]);
        assert_null(page.facts);
    }
    assert_int_equal(read_body(&s, NULL, "{\"data\":[{\"date_start\":\"2026-11-01\"}]}"), ERR_ANSWER);
    assert_contains(verdict.text, "ad_id is missing");
    assert_int_equal(read_body(&s, NULL, "{\"data\":[7]}"), ERR_ANSWER);
    assert_int_equal(read_body(&s, NULL, "{\"data\":{}}"), ERR_ANSWER);
    assert_int_equal(read_body(&s, NULL, "{}"), ERR_ANSWER);
}

static void test_hours(void **state)
{
#define HOUR "\"hourly_stats_aggregated_by_advertiser_time_zone\":"
#define ROW "{\"ad_id\":\"1\",\"date_start\":\"2026-11-01\",\"spend\":\"2\","
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    s.hourly = true;
    assert_int_equal(read_body(&s, NULL,
                               "{\"data\":[" ROW HOUR "\"00:00:00 - 00:59:59\"}," ROW HOUR "\"23:00:00 - 23:59:59\"},"
                               "{\"ad_id\":\"1\",\"date_start\":\"2026-11-01\",\"spend\":\"0\",\"impressions\":\"0\"},"
                               "{\"ad_id\":\"2\",\"date_start\":\"2026-11-01\",\"spend\":\"3\"}]}"),
                     0);
    assert_int_equal(page.fact_count, 3); /* an hourless row of nothing is none */
    assert_int_equal(page.facts[0].hour, 0);
    assert_int_equal(page.facts[1].hour, 23);
    assert_int_equal(page.facts[2].hour, -1); /* nobody knows which: in no hour's way */
    assert_string_equal(page.facts[2].ad_id, "2");
    page_clear(&page);
    assert_int_equal(read_body(&s, NULL, "{\"data\":[" ROW HOUR "\"24:00:00 - 24:59:59\"}]}"), ERR_ANSWER);
    assert_int_equal(read_body(&s, NULL, "{\"data\":[" ROW HOUR "\"7\"}]}"), ERR_ANSWER);
    assert_int_equal(read_body(&s, NULL, "{\"data\":[" ROW HOUR "7}]}"), ERR_ANSWER);
#undef HOUR
#undef ROW
}

/* --- paging --- */

static int next_of(const char *cursor, const char *paging)
{
    struct slice s = test_slice(SLICE_FACTS);
    char body[5000];

    (void)snprintf(body, sizeof body, "{\"data\":[],\"paging\":%s}", paging);
    return read_body(&s, cursor, body);
}

static void assert_next(const char *cursor, const char *paging, const char *next)
{
    assert_int_equal(next_of(cursor, paging), 0);
    if (next == NULL)
        assert_null(page.next);
    else
        assert_string_equal(page.next, next);
    page_clear(&page);
}

static void test_next(void **state)
{
#define NEXT(url) "\"next\":\"" url "\""
#define OWN "https://graph.facebook.com/v26.0/act_123/insights?access_token=EAABsecret&after=QVFI%3D&limit=25"
    (void)state;
    assert_next(NULL, "{}", NULL);
    assert_next(NULL, "null", NULL);
    assert_next(NULL, "{\"cursors\":{\"after\":\"B\"}}", NULL);
    assert_next(NULL, "{\"cursors\":{\"after\":\"B\"},\"next\":null}", NULL);
    assert_next(NULL, "{\"cursors\":{\"after\":\"B\"}," NEXT(OWN) "}", "i0B"); /* an empty page goes on */
    assert_next("i1A", "{\"cursors\":{\"after\":\"B\"}," NEXT(OWN) "}", "i1B");
    assert_next(NULL, "{" NEXT(OWN) "}", "i0QVFI=");
    assert_next(NULL, "{" NEXT("HTTPS://Graph.facebook.com?after=B") "}", "i0B");
    /* a foreign host is not followed, its cursor not taken from the URL */
    assert_next(NULL, "{\"cursors\":{\"after\":\"B\"}," NEXT("https://evil.example/x?after=C") "}", "i0B");
    assert_int_equal(next_of(NULL, "{" NEXT("https://evil.example/x?after=C") "}"), ERR_ANSWER);
    assert_int_equal(next_of(NULL, "{" NEXT("https://graph.facebook.com.evil.example/x?after=C") "}"), ERR_ANSWER);
    assert_int_equal(next_of(NULL, "{" NEXT("http://graph.facebook.com/x?after=C") "}"), ERR_ANSWER);
    assert_int_equal(next_of(NULL, "{" NEXT("https://graph.facebook.com/x?before=C") "}"), ERR_ANSWER);
    assert_int_equal(next_of(NULL, "{\"next\":7}"), ERR_ANSWER);
    assert_int_equal(next_of(NULL, "{\"cursors\":{\"after\":\"\"}," NEXT(OWN) "}"), ERR_ANSWER);
    assert_int_equal(next_of(NULL, "{\"cursors\":{\"after\":\"a b\"}," NEXT(OWN) "}"), ERR_ANSWER);
    assert_int_equal(next_of("i0B", "{\"cursors\":{\"after\":\"B\"}," NEXT(OWN) "}"), ERR_ANSWER); /* a loop */
    assert_int_equal(next_of("c0B", "{}"), ERR_GONE);
#undef NEXT
#undef OWN
}

/* Usage comes with every page. */
static void test_usage(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    assert_int_equal(
        read_answer(&s, NULL,
                    answer_of(200, "X-FB-Ads-Insights-Throttle: {\"acc_id_util_pct\":81.2}\r\n", "{\"data\":[]}")),
        0);
    assert_int_equal(verdict.account.used_percent, 82);
    page_clear(&page);
}

/* --- entities --- */

static void test_campaigns(void **state)
{
    struct slice s = test_slice(SLICE_ENTITIES);
    const struct entity_row *r;
    (void)state;

    assert_int_equal(
        read_body(&s, NULL,
                  "{\"data\":[{\"id\":\"6042147342661\",\"name\":\"Spring\",\"objective\":\"OUTCOME_SALES\","
                  "\"status\":\"ACTIVE\",\"configured_status\":\"PAUSED\",\"effective_status\":\"ACTIVE\","
                  "\"daily_budget\":\"5050\",\"lifetime_budget\":\"0\",\"bid_strategy\":\"COST_CAP\","
                  "\"buying_type\":\"AUCTION\",\"created_time\":\"2019-05-03T04:11:09-0700\","
                  "\"updated_time\":\"2026-03-21T22:33:56+05:30\"},"
                  "{\"id\":\"6042147342662\",\"name\":\"Old\",\"objective\":\"LINK_CLICKS\",\"status\":\"PAUSED\","
                  "\"effective_status\":\"ARCHIVED\",\"created_time\":\"-0001-11-30T00:00:00+0000\"}],"
                  "\"paging\":{\"cursors\":{\"after\":\"QVFIUn\"}}}"),
        0);
    assert_int_equal(page.entity_count, 2);
    assert_string_equal(page.next, "s0"); /* the ad sets are next */
    r = &page.entities[0];
    assert_string_equal(r->level, "campaign");
    assert_string_equal(r->external_id, "6042147342661");
    assert_null(r->parent_external_id);
    assert_null(r->campaign_external_id);
    assert_string_equal(r->name, "Spring");
    assert_string_equal(r->status, "ACTIVE");
    assert_string_equal(r->configured_status, "PAUSED");
    assert_string_equal(r->objective, "OUTCOME_SALES");
    assert_string_equal(r->daily_budget, "50.5");
    assert_string_equal(r->lifetime_budget, "0");
    assert_string_equal(r->created_at, "2019-05-03T04:11:09-0700");
    assert_string_equal(r->updated_at, "2026-03-21T22:33:56+05:30");
    assert_string_equal(r->details, "{\"buying_type\":\"AUCTION\",\"bid_strategy\":\"COST_CAP\"}");
    r = &page.entities[1];
    assert_string_equal(r->configured_status, "PAUSED");
    assert_null(r->daily_budget);
    assert_null(r->created_at);
    assert_null(r->updated_at);
    assert_string_equal(r->details, "{}");
    page_clear(&page);
}

static void test_adsets_and_ads(void **state)
{
    struct slice s = test_slice(SLICE_ENTITIES);
    (void)state;

    s.currency = "JPY";
    assert_int_equal(
        read_body(&s, "s1",
                  "{\"data\":[{\"id\":\"2\",\"campaign_id\":\"1\",\"name\":\"x\",\"daily_budget\":\"5000\","
                  "\"optimization_goal\":\"OFFSITE_CONVERSIONS\",\"attribution_spec\":"
                  "[{\"window_days\":7,\"event_type\":\"CLICK_THROUGH\"}]}]}"),
        0);
    assert_string_equal(page.entities[0].level, "adset");
    assert_string_equal(page.entities[0].parent_external_id, "1");
    assert_string_equal(page.entities[0].campaign_external_id, "1");
    assert_string_equal(page.entities[0].daily_budget, "5000"); /* yen have no minor units */
    assert_string_equal(page.entities[0].details, "{\"optimization_goal\":\"OFFSITE_CONVERSIONS\",\"attribution_spec\":"
                                                  "[{\"event_type\":\"CLICK_THROUGH\",\"window_days\":7}]}");
    assert_string_equal(page.next, "a0");
    page_clear(&page);

    assert_int_equal(read_body(&s, "a0", "{\"data\":[{\"id\":\"3\",\"campaign_id\":\"1\",\"adset_id\":\"2\"}]}"), 0);
    assert_string_equal(page.entities[0].level, "ad");
    assert_string_equal(page.entities[0].parent_external_id, "2");
    assert_string_equal(page.entities[0].campaign_external_id, "1");
    assert_string_equal(page.entities[0].name, "");
    assert_null(page.next);
    page_clear(&page);
}

static void test_currencies(void **state)
{
    const char *const whole[] = {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"};
    const char *const hundred[] = {"EUR", "USD", "BHD", "JOD", "KWD", "XTS", "P C", ""};
    struct slice s = test_slice(SLICE_ENTITIES);
    const char body[] = "{\"data\":[{\"id\":\"1\",\"daily_budget\":\"12345\"}]}";
    (void)state;

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        s.currency = whole[i];
        assert_int_equal(read_body(&s, NULL, body), 0);
        assert_string_equal(page.entities[0].daily_budget, "12345");
        page_clear(&page);
    }
    for (size_t i = 0; i < sizeof hundred / sizeof hundred[0]; i++) {
        s.currency = hundred[i];
        assert_int_equal(read_body(&s, NULL, body), 0);
        assert_string_equal(page.entities[0].daily_budget, "123.45");
        page_clear(&page);
    }
}

static void test_names_as_they_are(void **state)
{
    const char name[] = "a'b\"c\\d\te\nf <b> \xf0\x9f\x98\x80 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d '; DROP TABLE x;--";
    struct slice s = test_slice(SLICE_ENTITIES);
    struct buf body;
    (void)state;

    buf_init(&body, 1 << 16);
    buf_add_str(&body, "{\"data\":[{\"id\":\"1\",\"name\":");
    buf_add_json(&body, name);
    buf_add_str(&body, "},{\"id\":\"2\",\"name\":\"a\\u0000b\\u0000\",\"buying_type\":\"x\\u0000\\\\u0000y\"}]}");
    assert_int_equal(read_body(&s, NULL, buf_str(&body)), 0);
    buf_free(&body);
    assert_string_equal(page.entities[0].name, name);
    assert_string_equal(page.entities[1].name, "a\xef\xbf\xbd"
                                               "b\xef\xbf\xbd"); /* PostgreSQL takes no NUL */
    assert_string_equal(page.entities[1].details, "{\"buying_type\":\"x\\ufffd\\\\u0000y\"}");
    page_clear(&page);
}

static void test_bad_entities(void **state)
{
    const char *const bad[][2] = {
        {"{\"data\":[{\"name\":\"x\"}]}", "campaign without id: id is missing"},
        {"{\"data\":[{\"id\":\"\"}]}", "id is missing"},
        {"{\"data\":[{\"id\":\"7\",\"name\":{}}]}", "campaign 7: name is no text"},
        {"{\"data\":[{\"id\":\"7\",\"daily_budget\":\"12.5\"}]}", "campaign 7: daily_budget is \"12.5\""},
        {"{\"data\":[{\"id\":\"7\",\"lifetime_budget\":\"-5\"}]}", "campaign 7: lifetime_budget is \"-5\""},
        {"{\"data\":[{\"id\":\"7\",\"effective_status\":1.5}]}", "campaign 7: effective_status is no text"},
    };
    struct slice s = test_slice(SLICE_ENTITIES);
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_body(&s, NULL, bad[i][0]), ERR_ANSWER);
        assert_contains(verdict.text, bad[i][1]);
    }
}

static void test_times(void **state)
{
    const char *const good[] = {"2026-03-21T22:33:56-0700", "2026-03-21T22:33:56+1400", "2026-02-28T00:00:00+05:45"};
    const char *const bad[] = {"2026-03-21",
                               "2026-02-30T22:33:56-0700",
                               "2026-03-21T24:00:00+0000",
                               "2026-03-21T22:33:56Z",
                               "2026-03-21 22:33:56+0000",
                               "2026-03-21T22:33:56+0000x",
                               "2026-03-21T22:33:56+1560",
                               "2026-03-21T22:60:00+0000",
                               ""};
    struct slice s = test_slice(SLICE_ENTITIES);
    char body[200];
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        (void)snprintf(body, sizeof body, "{\"data\":[{\"id\":\"1\",\"updated_time\":\"%s\"}]}", good[i]);
        assert_int_equal(read_body(&s, NULL, body), 0);
        assert_string_equal(page.entities[0].updated_at, good[i]);
        page_clear(&page);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(body, sizeof body, "{\"data\":[{\"id\":\"1\",\"updated_time\":\"%s\"}]}", bad[i]);
        assert_int_equal(read_body(&s, NULL, body), 0);
        assert_null(page.entities[0].updated_at);
        page_clear(&page);
    }
}

/* --- limits --- */

static void test_large_page(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    struct buf body;
    (void)state;

    buf_init(&body, 64 << 20);
    buf_add_str(&body, "{\"data\":[");
    for (int i = 0; i < 20001; i++) {
        if (i == 20000) { /* up to here it is well */
            size_t len = body.len;

            buf_add_str(&body, "]}");
            assert_int_equal(read_body(&s, NULL, buf_str(&body)), 0);
            assert_int_equal(page.fact_count, 20000);
            assert_string_equal(page.facts[19999].spend, "19999.01");
            page_clear(&page);
            body.len = len;
        }
        buf_addf(&body, "%s{\"ad_id\":\"%d\",\"date_start\":\"2026-11-01\",\"spend\":\"%d.01\"}", i > 0 ? "," : "", i,
                 i);
    }
    buf_add_str(&body, "]}");
    assert_int_equal(read_body(&s, NULL, buf_str(&body)), ERR_LIMIT);
    assert_contains(verdict.text, "20001 rows");
    buf_free(&body);
}

/* However an answer is cut short, it is refused whole. */
static void test_truncated(void **state)
{
    struct slice s = test_slice(SLICE_FACTS);
    (void)state;

    for (size_t len = 0; len < sizeof real_row - 1; len++) {
        assert_int_equal(read_answer(&s, NULL, answer_of_bytes(200, "", real_row, len)), ERR_ANSWER);
        assert_null(page.facts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_row),
        cmocka_unit_test(test_sparse_row),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_campaigns),
        cmocka_unit_test(test_adsets_and_ads),
        cmocka_unit_test(test_currencies),
        cmocka_unit_test(test_bad_entities),
        cmocka_unit_test(test_names_as_they_are),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_large_page),
        cmocka_unit_test(test_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
