#include "tests/unit/common/provider/meta/answers.h"

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(provider_find("meta")->name, "meta");
    assert_int_equal(provider_find("meta")->history_months(false), 37);
    assert_int_equal(provider_find("meta")->history_months(true), 13);
    assert_null(provider_find("Meta"));
    assert_null(provider_find(""));
}

static void test_goals(void **state)
{
    const char *const goals[][2] = {
        {"OUTCOME_SALES", "purchases"},
        {"PRODUCT_CATALOG_SALES", "purchases"},
        {"CONVERSIONS", "purchases"},
        {"OUTCOME_LEADS", "leads"},
        {"LEAD_GENERATION", "leads"},
        {"APP_INSTALLS", "app_installs"},
        {"OUTCOME_TRAFFIC", "traffic"},
        {"LINK_CLICKS", "traffic"},
        {"STORE_VISITS", "traffic"},
        {"OUTCOME_AWARENESS", "awareness"},
        {"BRAND_AWARENESS", "awareness"},
        {"REACH", "awareness"},
        {"OUTCOME_ENGAGEMENT", "engagement"},
        {"POST_ENGAGEMENT", "engagement"},
        {"PAGE_LIKES", "engagement"},
        {"EVENT_RESPONSES", "engagement"},
        {"VIDEO_VIEWS", "engagement"},
        {"MESSAGES", "engagement"},
        {"OUTCOME_APP_PROMOTION", "app_installs"},
        {"OFFER_CLAIMS", "other"},
        {"SOMETHING_NEW", "other"},
        {"", "other"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++)
        assert_string_equal(provider_find("meta")->goal(goals[i][0]), goals[i][1]);
    assert_null(provider_find("meta")->goal(NULL));
}

static void test_account_ids(void **state)
{
    const char *const bad[] = {"",       "act_", "act_0", "012",        "act_12a",
                               "ACT_12", "12 ",  "-12",   "act_act_12", "123456789012345678901"};
    char id[64];
    (void)state;

    assert_true(provider_find("meta")->account_id("act_12", id));
    assert_string_equal(id, "act_12");
    assert_true(provider_find("meta")->account_id("12345678901234567890", id));
    assert_string_equal(id, "act_12345678901234567890");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(provider_find("meta")->account_id(bad[i], id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_goals),
        cmocka_unit_test(test_account_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
