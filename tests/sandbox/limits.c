#include "tests/sandbox/limits.h"

#define HOUR_MS INT64_C(3600000)
#define MEBIBYTE (1 << 20)

/* How much one business use case may do, and how much it did. */
struct usage {
    const char *type;
    enum call_kind kind; /* CALL_KINDS: all calls share the quota */
    int64_t quota, window_ms;
    int used;
};

static int64_t formula(const struct limits_config *c, enum call_kind kind, int active_ads, int user_errors)
{
    if (kind == CALL_INSIGHTS)
        return (c->development_tier ? 600 : 190000) + INT64_C(400) * active_ads - user_errors / 1000;
    return (c->development_tier ? 300 : 100000) + INT64_C(40) * active_ads;
}

/* Calls under ads_management are those on objects and on the account itself. */
static int management_calls(const struct calls *calls, int64_t now_ms, int64_t window_ms)
{
    return calls_in_window(calls, CALL_ENTITIES, now_ms, window_ms) +
           calls_in_window(calls, CALL_ACCOUNT, now_ms, window_ms);
}

static struct usage usage_of(const struct limits_config *c, const struct account_limits *a, bool insights,
                             int active_ads, int64_t now_ms)
{
    struct usage u = {.type = insights ? "ads_insights" : "ads_management", .kind = CALL_KINDS};
    if (c->calls > 0) {
        u.quota = c->calls;
        u.window_ms = c->window_ms;
        u.used = calls_in_window(&a->calls, CALL_KINDS, now_ms, u.window_ms);
        return u;
    }
    u.kind = insights ? CALL_INSIGHTS : CALL_ENTITIES;
    u.quota = formula(c, u.kind, active_ads, a->user_errors);
    u.window_ms = HOUR_MS;
    u.used = insights ? calls_in_window(&a->calls, CALL_INSIGHTS, now_ms, HOUR_MS)
                      : management_calls(&a->calls, now_ms, HOUR_MS);
    return u;
}

static int64_t score_max(const struct limits_config *c)
{
    return c->score_max > 0 ? c->score_max : c->development_tier ? 60 : 9000;
}

static int64_t score_window_ms(const struct limits_config *c)
{
    return c->score_window_ms > 0 ? c->score_window_ms : 300000;
}

static int64_t score_block_ms(const struct limits_config *c)
{
    return c->score_block_ms > 0 ? c->score_block_ms : c->development_tier ? 300000 : 60000;
}

enum limit limits_check(const struct limits_config *c, const struct calls *app, struct account_limits *account,
                        enum call_kind kind, int active_ads, int64_t now_ms)
{
    if (c->app_calls > 0 && calls_in_window(app, CALL_KINDS, now_ms, c->app_window_ms) > c->app_calls)
        return LIMIT_APP;
    if (account == NULL)
        return LIMIT_NONE;
    struct usage u = usage_of(c, account, kind == CALL_INSIGHTS, active_ads, now_ms);
    if (u.used > u.quota)
        return kind == CALL_INSIGHTS ? LIMIT_INSIGHTS : LIMIT_MANAGEMENT;
    int score = calls_in_window(&account->calls, CALL_KINDS, now_ms, score_window_ms(c));
    if (score > score_max(c) || now_ms < account->score_blocked_until_ms) {
        account->score_blocked_until_ms = now_ms + score_block_ms(c);
        return c->score_error_613 ? LIMIT_SCORE_613 : LIMIT_SCORE;
    }
    return LIMIT_NONE;
}

static int64_t percent(int64_t used, int64_t quota)
{
    return quota > 0 ? used * 100 / quota : 0;
}

static int64_t regain_minutes(const struct account_limits *a, const struct usage *u, int64_t now_ms)
{
    if (u->used <= u->quota)
        return 0;
    int64_t free_at = calls_free_at(&a->calls, u->kind, (int)u->quota, now_ms, u->window_ms);
    return (free_at - now_ms + 59999) / 60000;
}

static void write_use_case(struct buf *b, const struct limits_config *c, const struct account_limits *a,
                           const struct usage *u, int64_t now_ms)
{
    int64_t calls = percent(u->used, u->quota);
    buf_addf(b, "{\"type\":\"%s\",\"call_count\":%lld,\"total_cputime\":%lld,\"total_time\":%lld,", u->type,
             (long long)calls, (long long)(calls / 3), (long long)(calls / 4));
    buf_addf(b, "\"estimated_time_to_regain_access\":%lld,\"ads_api_access_tier\":\"%s\"}",
             (long long)regain_minutes(a, u, now_ms), c->development_tier ? "development_access" : "standard_access");
}

static struct buf *next(struct limits_header out[LIMITS_HEADERS], int *count, const char *name)
{
    struct limits_header *h = &out[(*count)++];
    h->name = name;
    buf_init(&h->value, MEBIBYTE);
    return &h->value;
}

int limits_headers(const struct limits_config *c, const struct calls *app, const struct account_limits *account,
                   int account_number, enum call_kind kind, int active_ads, int64_t now_ms,
                   struct limits_header out[LIMITS_HEADERS])
{
    int count = 0;
    const char *tier = c->development_tier ? "development_access" : "standard_access";
    if (c->omit_headers)
        return 0;
    int64_t of_app =
        c->app_calls > 0 ? percent(calls_in_window(app, CALL_KINDS, now_ms, c->app_window_ms), c->app_calls) : 0;
    buf_addf(next(out, &count, "X-App-Usage"), "{\"call_count\":%lld,\"total_time\":%lld,\"total_cputime\":%lld}",
             (long long)of_app, (long long)(of_app / 2), (long long)(of_app / 2));
    if (account == NULL)
        return count;
    struct usage insights = usage_of(c, account, true, active_ads, now_ms);
    struct usage management = usage_of(c, account, false, active_ads, now_ms);
    int64_t score =
        calls_in_window(&account->calls, CALL_KINDS, now_ms, score_window_ms(c)) * INT64_C(10000) / score_max(c);
    int64_t blocked_ms = account->score_blocked_until_ms - now_ms;
    if (blocked_ms > 0 && score < 10000)
        score = 10000;
    buf_addf(next(out, &count, "X-Ad-Account-Usage"),
             "{\"acc_id_util_pct\":%lld.%02lld,\"reset_time_duration\":%lld,\"ads_api_access_tier\":\"%s\"}",
             (long long)(score / 100), (long long)(score % 100),
             (long long)(blocked_ms > 0 ? (blocked_ms + 999) / 1000 : 0), tier);
    struct buf *b = next(out, &count, "X-Business-Use-Case-Usage");
    buf_addf(b, "{\"%d\":[", account_number);
    write_use_case(b, c, account, &insights, now_ms);
    buf_add_char(b, ',');
    write_use_case(b, c, account, &management, now_ms);
    buf_add_str(b, "]}");
    if (kind == CALL_INSIGHTS) /* on every answer of insights */
        buf_addf(next(out, &count, "X-FB-Ads-Insights-Throttle"),
                 "{\"app_id_util_pct\":%lld,\"acc_id_util_pct\":%lld,\"ads_api_access_tier\":\"%s\"}",
                 (long long)of_app, (long long)percent(insights.used, insights.quota), tier);
    return count;
}
