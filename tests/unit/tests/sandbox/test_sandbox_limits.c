#include "tests/sandbox/faults.h"
#include "tests/sandbox/limits.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum limit call(const struct limits_config *c, struct account_limits *a, enum call_kind kind, int64_t now_ms)
{
    struct call one = {.at_ms = now_ms, .kind = kind};
    struct calls app = {0};
    struct block app_block = {0};
    int at = calls_add(&a->calls, &one);
    enum limit limit = limits_check(c, &app, &app_block, a, kind, 100, now_ms);
    a->calls.list[at].refused = limit == LIMIT_NONE ? CALL_SERVED : CALL_REFUSED;
    return limit;
}

static void a_window_rolls_exactly(void **state)
{
    struct account_limits a = {0};
    const struct limits_config c = {.speed = 1, .calls = 3, .window_ms = 10000};
    (void)state;
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 1000), LIMIT_NONE);
    assert_int_equal(call(&c, &a, CALL_ENTITIES, 2000), LIMIT_NONE);
    assert_int_equal(call(&c, &a, CALL_ACCOUNT, 3000), LIMIT_NONE);
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 11000), LIMIT_NONE); /* the first has just left */
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 11500), LIMIT_INSIGHTS);
    assert_int_equal(call(&c, &a, CALL_ENTITIES, 12500), LIMIT_MANAGEMENT); /* refused calls count */
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 22000), LIMIT_NONE); /* 11500 and 12500 still do: this is the third */
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 22100), LIMIT_NONE);
    assert_int_equal(calls_max_in_window(&a.calls, 10000), 4);
    calls_free(&a.calls);
}

static void metas_formulas_hold_without_an_own_quota(void **state)
{
    struct account_limits a = {0};
    const struct limits_config c = {.speed = 1, .development_tier = true, .score_max = 1000000};
    (void)state;
    for (int i = 0; i < 300 + 40 * 100; i++)
        assert_int_equal(call(&c, &a, CALL_ENTITIES, 1000), LIMIT_NONE);
    assert_int_equal(call(&c, &a, CALL_ENTITIES, 1000), LIMIT_MANAGEMENT);
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 1000), LIMIT_NONE); /* another use case, another quota */
    calls_free(&a.calls);
}

static void the_score_blocks_and_hammering_keeps_it_shut(void **state)
{
    struct account_limits a = {0};
    const struct limits_config c = {.speed = 1, .development_tier = true};
    struct limits_config other = c;
    (void)state;
    other.score_error_613 = true;
    for (int i = 0; i < 60; i++)
        assert_int_equal(call(&c, &a, CALL_INSIGHTS, 1000), LIMIT_NONE);
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 1000), LIMIT_SCORE);
    assert_int_equal(call(&other, &a, CALL_INSIGHTS, 200000), LIMIT_SCORE_613);
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 301001), LIMIT_SCORE); /* points are gone, the block is not */
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 601000), LIMIT_SCORE);
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 901000), LIMIT_NONE);
    calls_free(&a.calls);
}

static void headers_say_percent_minutes_and_seconds(void **state)
{
    struct account_limits a = {0};
    struct calls app = {0};
    struct limits_header h[LIMITS_HEADERS];
    const struct limits_config c = {
        .speed = 1, .calls = 4, .window_ms = 600000, .score_max = 10, .app_calls = 10, .app_window_ms = 1000};
    (void)state;
    for (int i = 0; i < 5; i++)
        (void)call(&c, &a, CALL_INSIGHTS, 1000 + i);
    int count = limits_headers(&c, &app, &a, 1001, CALL_INSIGHTS, 100, 2000, h);
    assert_int_equal(count, 4);
    assert_string_equal(h[0].name, "X-App-Usage");
    assert_string_equal(h[1].name, "X-Ad-Account-Usage");
    assert_non_null(strstr(buf_str(&h[1].value), "\"acc_id_util_pct\":50.00,\"reset_time_duration\":0"));
    assert_non_null(strstr(buf_str(&h[2].value), "{\"1001\":[{\"type\":\"ads_insights\",\"call_count\":125,"));
    assert_non_null(strstr(buf_str(&h[2].value), "\"estimated_time_to_regain_access\":10,"));
    assert_string_equal(h[3].name, "X-FB-Ads-Insights-Throttle");
    for (int i = 0; i < count; i++)
        buf_free(&h[i].value);
    assert_int_equal(limits_headers(&c, &app, NULL, 0, CALL_OTHER, 0, 2000, h), 1);
    buf_free(&h[0].value);
    calls_free(&a.calls);
}

static const char *said(const struct limits_config *c, const struct account_limits *a, int header, int64_t now_ms)
{
    static char text[400];
    struct calls app = {0};
    struct limits_header h[LIMITS_HEADERS];
    int count = limits_headers(c, &app, a, 1001, CALL_INSIGHTS, 100, now_ms, h);
    (void)snprintf(text, sizeof text, "%s", buf_str(&h[header].value));
    for (int i = 0; i < count; i++)
        buf_free(&h[i].value);
    return text;
}

static void a_fast_clock_has_shorter_windows_and_says_so(void **state)
{
    struct account_limits a = {0}, b = {0};
    const struct limits_config score = {.speed = 60, .development_tier = true},
                               hour = {.speed = 360, .calls = 2, .window_ms = 3600000};
    (void)state;
    for (int i = 0; i < 60; i++)
        assert_int_equal(call(&score, &a, CALL_INSIGHTS, 1000), LIMIT_NONE);
    assert_int_equal(call(&score, &a, CALL_INSIGHTS, 1100), LIMIT_SCORE);
    assert_non_null(strstr(said(&score, &a, 1, 1100), "\"reset_time_duration\":5.000000,"));
    assert_int_equal(call(&score, &a, CALL_INSIGHTS, 6101), LIMIT_NONE);
    for (int i = 0; i < 2; i++)
        assert_int_equal(call(&hour, &b, CALL_INSIGHTS, 1000), LIMIT_NONE);
    assert_int_equal(call(&hour, &b, CALL_INSIGHTS, 2000), LIMIT_INSIGHTS);
    assert_non_null(strstr(said(&hour, &b, 2, 2000), "\"estimated_time_to_regain_access\":0.150000,"));
    assert_int_equal(call(&hour, &b, CALL_INSIGHTS, 11000), LIMIT_NONE);
    calls_free(&a.calls);
    calls_free(&b.calls);
}

static void an_ordered_block_begins_anew_with_each_call(void **state)
{
    struct account_limits a = {0};
    const struct limits_config c = {.speed = 60};
    (void)state;
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 1000), LIMIT_NONE);
    a.block = (struct block){.code = 80000, .ms = 3000, .pending = true};
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 2000), LIMIT_BLOCK);
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 2900), LIMIT_BLOCK);
    assert_int_equal(calls_blocks(&a.calls, false, 1000).in_block, 0); /* under way */
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 5000), LIMIT_BLOCK);
    assert_non_null(strstr(said(&c, &a, 2, 5000), "\"estimated_time_to_regain_access\":0.050000,"));
    a.block.silent = true;
    assert_non_null(strstr(said(&c, &a, 2, 5000), "\"estimated_time_to_regain_access\":0.000000,"));
    assert_int_equal(call(&c, &a, CALL_INSIGHTS, 8000), LIMIT_NONE);
    assert_int_equal(calls_blocks(&a.calls, false, 1000).count, 1);
    assert_int_equal(calls_blocks(&a.calls, false, 1000).in_block, 1);
    assert_int_equal(calls_blocks(&a.calls, true, 1000).count, 0);
    calls_free(&a.calls);
}

static void a_fault_strikes_where_it_was_ordered(void **state)
{
    static struct faults f;
    const struct fault second_page = {.kind = FAULT_DROP, .match = "insights", .skip = 1, .count = 2, .percent = 100};
    (void)state;
    assert_true(faults_add(&f, &second_page));
    assert_null(faults_take(&f, "entities", "/v26.0/act_1/ads"));
    assert_null(faults_take(&f, "insights", "/v26.0/act_1/insights"));
    assert_non_null(faults_take(&f, "insights", "/v26.0/act_1/insights"));
    assert_non_null(faults_take(&f, "insights", "/v26.0/act_1/insights"));
    assert_null(faults_take(&f, "insights", "/v26.0/act_1/insights"));
    assert_int_equal(f.struck, 2);
    for (int i = 0; i < FAULTS_MAX; i++) /* spent ones make room */
        assert_true(faults_add(&f, &second_page));
    assert_false(faults_add(&f, &second_page));
    faults_clear(&f);
    f.struck = 0;
    assert_true(faults_add(&f, &(struct fault){.kind = FAULT_LOSE_ROWS, .count = -1, .percent = 10}));
    for (int i = 0; i < 1000; i++)
        (void)faults_take(&f, "insights", "/v26.0/act_1/insights");
    assert_in_range(f.struck, 60, 140);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_rolls_exactly),
        cmocka_unit_test(metas_formulas_hold_without_an_own_quota),
        cmocka_unit_test(the_score_blocks_and_hammering_keeps_it_shut),
        cmocka_unit_test(headers_say_percent_minutes_and_seconds),
        cmocka_unit_test(a_fast_clock_has_shorter_windows_and_says_so),
        cmocka_unit_test(an_ordered_block_begins_anew_with_each_call),
        cmocka_unit_test(a_fault_strikes_where_it_was_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
