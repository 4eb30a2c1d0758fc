#include "common/provider/meta/meta_provider.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_account.h"
#include "common/provider/meta/meta_money.h"
#include "common/provider/meta/meta_oauth.h"
#include "common/provider/meta/meta_page.h"

enum { ACCOUNT_DIGITS_MAX = 20 };

static const struct {
    const char *objective, *goal;
} goals[] = {
    {"OUTCOME_SALES", "purchases"},   {"PRODUCT_CATALOG_SALES", "purchases"}, {"CONVERSIONS", "purchases"},
    {"OUTCOME_LEADS", "leads"},       {"LEAD_GENERATION", "leads"},           {"OUTCOME_APP_PROMOTION", "app_installs"},
    {"APP_INSTALLS", "app_installs"}, {"OUTCOME_TRAFFIC", "traffic"},         {"LINK_CLICKS", "traffic"},
    {"STORE_VISITS", "traffic"},      {"OUTCOME_AWARENESS", "awareness"},     {"BRAND_AWARENESS", "awareness"},
    {"REACH", "awareness"},           {"OUTCOME_ENGAGEMENT", "engagement"},   {"POST_ENGAGEMENT", "engagement"},
    {"PAGE_LIKES", "engagement"},     {"EVENT_RESPONSES", "engagement"},      {"VIDEO_VIEWS", "engagement"},
    {"MESSAGES", "engagement"},
};

static const char *goal(const char *objective)
{
    if (objective == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof goals / sizeof goals[0]; i++) {
        if (strcmp(goals[i].objective, objective) == 0)
            return goals[i].goal;
    }
    return "other";
}

static bool account_id(const char *text, char out[64])
{
    const char *digits = str_starts(text, "act_") ? text + 4 : text;
    const size_t len = strspn(digits, "0123456789");

    if (len == 0 || len > ACCOUNT_DIGITS_MAX || digits[len] != '\0' || *digits == '0')
        return false;
    (void)snprintf(out, 64, "act_%s", digits);
    return true;
}

/* Meta Marketing API, insights: retention. By the hour since 2026-01-12. */
static int history_months(bool hourly)
{
    return hourly ? 13 : 37;
}

const struct provider meta_provider = {
    .name = "meta",
    .page_request = meta_page_request,
    .page_read = meta_page_read,
    .account_request = meta_account_request,
    .account_read = meta_account_read,
    .accounts_request = meta_accounts_request,
    .accounts_read = meta_accounts_read,
    .login_url = meta_login_url,
    .code_request = meta_code_request,
    .extend_request = meta_extend_request,
    .grant_read = meta_grant_read,
    .inspect_request = meta_inspect_request,
    .inspect_read = meta_inspect_read,
    .goal = goal,
    .history_months = history_months,
    .money_digits = meta_money_digits,
    .listing_rows = META_LISTING_ROWS,
    .totals_rows = META_TOTALS_ROWS,
    .account_id = account_id,
};
