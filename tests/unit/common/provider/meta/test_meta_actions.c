#include "common/provider/meta/meta_actions.h"
#include "tests/unit/common/provider/meta/answers.h"

static struct buf counts, values;
static struct meta_measures got;
static struct err error;

/* Lists as Meta writes them; NULL when absent. */
static int read_lists(const char *actions, const char *action_values)
{
    json_t *a = actions != NULL ? json_loads(actions, JSON_DECODE_ANY, NULL) : NULL;
    json_t *v = action_values != NULL ? json_loads(action_values, JSON_DECODE_ANY, NULL) : NULL;
    int rc;

    assert_true(a != NULL || actions == NULL);
    assert_true(v != NULL || action_values == NULL);
    buf_reset(&counts);
    buf_reset(&values);
    rc = meta_actions_read(a, v, &got, &counts, &values, &error);
    json_decref(a);
    json_decref(v);
    return rc;
}

static void assert_decimal(const struct decimal *d, const char *text)
{
    char out[DECIMAL_TEXT];

    assert_string_equal(decimal_text(d, out), text);
}

/* {"purchase":"10", …} as a list of actions. */
static const char *list_of(struct buf *out, const char *const *types, const char *value)
{
    buf_reset(out);
    for (; *types != NULL; types++)
        buf_addf(out, "%c{\"action_type\":\"%s\",\"value\":\"%s\"}", out->len == 0 ? '[' : ',', *types, value);
    buf_add_str(out, out->len == 0 ? "[]" : "]");
    return buf_str(out);
}

/* The real row of the reference: eight types, one purchase each; one of them has an odd value. */
static void test_the_purchase_trap(void **state)
{
    (void)state;
    assert_int_equal(
        read_lists("[{\"action_type\":\"link_click\",\"value\":\"985\"},"
                   "{\"action_type\":\"offsite_conversion.fb_pixel_purchase\",\"value\":\"10\",\"7d_click\":\"9\"},"
                   "{\"action_type\":\"purchase\",\"value\":\"10\",\"7d_click\":\"9\",\"1d_view\":\"1\"},"
                   "{\"action_type\":\"onsite_web_purchase\",\"value\":\"10\"},"
                   "{\"action_type\":\"onsite_web_app_purchase\",\"value\":\"10\"},"
                   "{\"action_type\":\"web_in_store_purchase\",\"value\":\"10\"},"
                   "{\"action_type\":\"web_app_in_store_purchase\",\"value\":\"10\"},"
                   "{\"action_type\":\"omni_purchase\",\"value\":\"10\",\"7d_click\":\"9\",\"1d_view\":\"1\"}]",
                   "[{\"action_type\":\"web_app_in_store_purchase\",\"value\":\"1.57\"},"
                   "{\"action_type\":\"omni_purchase\",\"value\":\"15742.14\"},"
                   "{\"action_type\":\"purchase\",\"value\":\"15742.14\"}]"),
        0);
    assert_decimal(&got.purchases, "10");
    assert_decimal(&got.revenue, "15742.14");
    assert_decimal(&got.link_clicks, "985");
    assert_decimal(&got.conversions, "10");
    assert_string_equal(buf_str(&values),
                        "{\"web_app_in_store_purchase\":1.57,\"omni_purchase\":15742.14,\"purchase\":15742.14}");
}

/* Every subset of the purchase types, all of them saying 10: never more than 10, but for disjoint channels. */
static void test_every_overlap(void **state)
{
    const char *const names[] = {"omni_purchase",
                                 "purchase",
                                 "offsite_conversion.fb_pixel_purchase",
                                 "onsite_conversion.purchase",
                                 "app_custom_event.fb_mobile_purchase",
                                 "offline_conversion.purchase",
                                 "onsite_web_purchase",
                                 "onsite_web_app_purchase",
                                 "onsite_app_purchase",
                                 "web_in_store_purchase",
                                 "web_app_in_store_purchase",
                                 "offsite_conversion.custom.77",
                                 "offsite_conversion.fb_pixel_custom"};
    enum { NAMES = sizeof names / sizeof names[0] };
    struct buf actions, money;
    (void)state;

    buf_init(&actions, 1 << 16);
    buf_init(&money, 1 << 16);
    for (unsigned set = 0; set < 1U << NAMES; set++) {
        const char *types[NAMES + 1];
        int count = 0, channels = 0;
        char want[16], revenue[16];

        for (unsigned i = 0; i < NAMES; i++) {
            if ((set >> i & 1) == 0)
                continue;
            types[count++] = names[i];
            channels += i >= 2 && i <= 5;
        }
        types[count] = NULL;
        if ((set & 3) != 0)
            channels = 1;
        (void)snprintf(want, sizeof want, "%d", 10 * channels);
        assert_int_equal(read_lists(list_of(&actions, types, "10"), list_of(&money, types, "7.125")), 0);
        assert_decimal(&got.purchases, want);
        assert_decimal(&got.conversions, want);
        (void)snprintf(revenue, sizeof revenue, "%g", 7.125 * channels); /* exact in binary */
        assert_decimal(&got.revenue, revenue);
    }
    buf_free(&actions);
    buf_free(&money);
}

static void test_count_and_value_of_one_type(void **state)
{
    (void)state;
    assert_int_equal(read_lists("[{\"action_type\":\"purchase\",\"value\":\"3\"}]",
                                "[{\"action_type\":\"omni_purchase\",\"value\":\"99\"},"
                                "{\"action_type\":\"purchase\",\"value\":\"30.10\"}]"),
                     0);
    assert_decimal(&got.purchases, "3");
    assert_decimal(&got.revenue, "30.1");
    assert_int_equal(read_lists("[{\"action_type\":\"omni_purchase\",\"value\":\"3\"}]",
                                "[{\"action_type\":\"purchase\",\"value\":\"30\"}]"),
                     0);
    assert_decimal(&got.revenue, "0");
    assert_int_equal(read_lists("[{\"action_type\":\"omni_purchase\",\"value\":\"0\"},"
                                "{\"action_type\":\"purchase\",\"value\":\"4\"}]",
                                NULL),
                     0);
    assert_decimal(&got.purchases, "0"); /* present is present */
    assert_int_equal(read_lists(NULL, "[{\"action_type\":\"purchase\",\"value\":\"30\"}]"), 0);
    assert_decimal(&got.purchases, "0");
    assert_decimal(&got.revenue, "30"); /* money without a count is not lost */
}

static void test_other_columns(void **state)
{
    const struct {
        const char *types[5];
        const char *leads, *installs, *registrations, *visitors;
    } cases[] = {
        {{"lead", "offsite_conversion.fb_pixel_lead", "onsite_conversion.lead_grouped"}, "2.5", "0", "0", "0"},
        {{"offsite_conversion.fb_pixel_lead", "onsite_conversion.lead_grouped"}, "5", "0", "0", "0"},
        {{"onsite_conversion.lead_grouped", "offsite_content_view_add_meta_leads"}, "2.5", "0", "0", "0"},
        {{"omni_app_install", "mobile_app_install", "app_install"}, "0", "2.5", "0", "0"},
        {{"mobile_app_install", "app_install"}, "0", "2.5", "0", "0"},
        {{"app_install"}, "0", "2.5", "0", "0"},
        {{"offsite_conversion.fb_pixel_complete_registration", "complete_registration"}, "0", "0", "2.5", "0"},
        {{"offsite_conversion.fb_pixel_complete_registration"}, "0", "0", "2.5", "0"},
        {{"omni_complete_registration", "complete_registration"}, "0", "0", "2.5", "0"},
        {{"omni_landing_page_view", "landing_page_view"}, "0", "0", "0", "2.5"},
        {{"landing_page_view", "page_engagement", "post_engagement"}, "0", "0", "0", "2.5"},
    };
    struct buf actions;
    (void)state;

    buf_init(&actions, 1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal sum;

        assert_int_equal(read_lists(list_of(&actions, cases[i].types, "2.50"), NULL), 0);
        assert_decimal(&got.leads, cases[i].leads);
        assert_decimal(&got.installs, cases[i].installs);
        assert_decimal(&got.registrations, cases[i].registrations);
        assert_decimal(&got.visitors, cases[i].visitors);
        assert_true(decimal_add(&got.leads, &got.installs, &sum) && decimal_add(&sum, &got.registrations, &sum));
        assert_int_equal(decimal_cmp(&got.conversions, &sum), 0);
    }
    buf_free(&actions);
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Random lists, types in any order, some twice. Whatever comes: purchases are one type's count or the channels' sum. */
static void test_random_lists(void **state)
{
    const char *const names[] = {"link_click",
                                 "omni_purchase",
                                 "purchase",
                                 "offsite_conversion.fb_pixel_purchase",
                                 "onsite_conversion.purchase",
                                 "app_custom_event.fb_mobile_purchase",
                                 "offline_conversion.purchase",
                                 "onsite_web_purchase",
                                 "omni_add_to_cart",
                                 "video_view"};
    enum { NAMES = sizeof names / sizeof names[0], ROUNDS = 20000 };
    uint32_t seed = 42;
    struct buf list;
    (void)state;

    buf_init(&list, 1 << 16);
    for (int round = 0; round < ROUNDS; round++) {
        int64_t amount[NAMES], want = 0;
        bool has[NAMES] = {false};
        char text[32];

        buf_reset(&list);
        buf_add_char(&list, '[');
        for (uint32_t left = random_next(&seed) % 12; left > 0; left--) {
            uint32_t i = random_next(&seed) % NAMES;

            amount[i] = random_next(&seed) % 1000;
            has[i] = true; /* the last counts */
            buf_addf(&list, "%s{\"action_type\":\"%s\",\"value\":\"%d\"}", list.len > 1 ? "," : "", names[i],
                     (int)amount[i]);
        }
        buf_add_char(&list, ']');
        for (int i = 3; i <= 6; i++)
            want += has[i] ? amount[i] : 0;
        want = has[2] ? amount[2] : want;
        want = has[1] ? amount[1] : want;
        (void)snprintf(text, sizeof text, "%d", (int)want);
        assert_int_equal(read_lists(buf_str(&list), NULL), 0);
        assert_decimal(&got.purchases, text);
    }
    buf_free(&list);
}

static void test_exact_numbers(void **state)
{
    (void)state;
    assert_int_equal(read_lists("[{\"action_type\":\"a\",\"value\":\"427202.50\"},{\"action_type\":\"b\",\"value\":7},"
                                "{\"action_type\":\"c\",\"value\":\"007\"},{\"action_type\":\"d\",\"value\":\"+1.5\"},"
                                "{\"action_type\":\"e\",\"value\":\"-3\"},{\"action_type\":\"f\",\"1d_click\":\"3\"},"
                                "{\"action_type\":\"q\\\"\\n\",\"value\":\"123456789012345678901234567890.123456\"}]",
                                "[]"),
                     0);
    assert_string_equal(buf_str(&counts), "{\"a\":427202.50,\"b\":7,\"c\":7,\"d\":1.5,\"e\":-3,"
                                          "\"q\\\"\\n\":123456789012345678901234567890.123456}");
    assert_string_equal(buf_str(&values), "{}");
}

static void test_bad_lists(void **state)
{
    const char *const bad[] = {
        "{}",
        "\"x\"",
        "[7]",
        "[{\"value\":\"1\"}]",
        "[{\"action_type\":7,\"value\":\"1\"}]",
        "[{\"action_type\":\"purchase\",\"value\":\"abc\"}]",
        "[{\"action_type\":\"purchase\",\"value\":\"1e400\"}]",
        "[{\"action_type\":\"purchase\",\"value\":\"1,5\"}]",
        "[{\"action_type\":\"purchase\",\"value\":\"\"}]",
        "[{\"action_type\":\"purchase\",\"value\":1.5}]",
        "[{\"action_type\":\"purchase\",\"value\":[]}]",
        "[{\"action_type\":\"purchase\",\"value\":\"0.1234567890123456789\"}]",
        "[{\"action_type\":\"purchase\",\"value\":\"9999999999999999999999999999999999999999999999\"}]",
    };
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_lists(bad[i], NULL), ERR_ANSWER);
        assert_contains(error.text, "actions");
    }
    /* each fits, their sum does not */
    assert_int_equal(
        read_lists("[{\"action_type\":\"offsite_conversion.fb_pixel_purchase\",\"value\":"
                   "\"99999999999999999999999999999999999999\"},{\"action_type\":\"onsite_conversion.purchase\","
                   "\"value\":\"99999999999999999999999999999999999999\"}]",
                   NULL),
        ERR_ANSWER);
    assert_int_equal(read_lists(NULL, bad[5]), ERR_ANSWER);
    assert_string_equal(error.text, "action_values: purchase is \"abc\", no decimal number");
}

static int setup(void **state)
{
    (void)state;
    buf_init(&counts, 1 << 20);
    buf_init(&values, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&counts);
    buf_free(&values);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_purchase_trap),
        cmocka_unit_test(test_every_overlap),
        cmocka_unit_test(test_count_and_value_of_one_type),
        cmocka_unit_test(test_other_columns),
        cmocka_unit_test(test_random_lists),
        cmocka_unit_test(test_exact_numbers),
        cmocka_unit_test(test_bad_lists),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
