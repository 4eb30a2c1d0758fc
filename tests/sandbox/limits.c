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
        u.window_ms = c->window_ms / c->speed;
        u.used = calls_in_window(&a->calls, CALL_KINDS, now_ms, u.window_ms);
        return u;
    }
    u.kind = insights ? CALL_INSIGHTS : CALL_ENTITIES;
    u.quota = formula(c, u.kind, active_ads, a->user_errors);
    u.window_ms = HOUR_MS / c->speed;
    u.used = insights ? calls_in_window(&a->calls, CALL_INSIGHTS, now_ms, u.window_ms)
                      : management_calls(&a->calls, now_ms, u.window_ms);
    return u;
}

static int64_t score_max(const struct limits_config *c)
{
    return c->score_max > 0 ? c->score_max : c->development_tier ? 60 : 9000;
}

static int64_t score_window_ms(const struct limits_config *c)
{
    return (c->score_window_ms > 0 ? c->score_window_ms : 300000) / c->speed;
}

static int64_t score_block_ms(const struct limits_config *c)
{
    return (c->score_block_ms > 0 ? c->score_block_ms : c->development_tier ? 300000 : 60000) / c->speed;
}

static bool block_refuses(struct block *b, int64_t now_ms)
{
    if ((!b->pending && now_ms >= b->until_ms) || (b->pending && b->after-- > 0))
        return false;
    b->pending = false;
    b->until_ms = now_ms + b->ms;
    return true;
}

static int calls_of_app(const struct limits_config *c, const struct calls *app, int64_t now_ms)
{
    return calls_in_window(app, CALL_KINDS, now_ms, c->app_window_ms / c->speed);
}

enum limit limits_check(const struct limits_config *c, const struct calls *app, struct block *app_block,
                        struct account_limits *account, enum call_kind kind, int active_ads, int64_t now_ms)
{
    if (block_refuses(app_block, now_ms))
        return LIMIT_APP_BLOCK;
    if (c->app_calls > 0 && calls_of_app(c, app, now_ms) > c->app_calls)
        return LIMIT_APP;
    if (account == NULL)
        return LIMIT_NONE;
    if (block_refuses(&account->block, now_ms))
        return LIMIT_BLOCK;
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

/* A time in whole units of Meta's; on a faster clock in fractions of ours. */
static void write_time(struct buf *b, const struct limits_config *c, int64_t ms, int64_t unit_ms)
{
    int64_t units = ms > 0 ? (ms * c->speed + unit_ms - 1) / unit_ms : 0;
    if (c->speed == 1)
        buf_addf(b, "%lld", (long long)units);
    else
        buf_addf(b, "%lld.%06lld", (long long)(units / c->speed),
                 (long long)((units % c->speed * 1000000 + c->speed - 1) / c->speed));
}

/* What is left of an ordered block whose end this header tells. */
static int64_t told_ms(const struct block *b, bool of_score, int64_t now_ms)
{
    bool is_score = b->code == 17 || b->code == 613;
    return !b->silent && is_score == of_score && b->until_ms > now_ms ? b->until_ms - now_ms : 0;
}

static int64_t regain_ms(const struct account_limits *a, const struct usage *u, int64_t now_ms)
{
    if (told_ms(&a->block, false, now_ms) > 0 || u->used <= u->quota)
        return told_ms(&a->block, false, now_ms);
    return calls_free_at(&a->calls, u->kind, (int)u->quota, now_ms, u->window_ms) - now_ms;
}

static void write_use_case(struct buf *b, const struct limits_config *c, const struct account_limits *a,
                           const struct usage *u, int64_t now_ms)
{
    int64_t calls = percent(u->used, u->quota);
    buf_addf(b, "{\"type\":\"%s\",\"call_count\":%lld,\"total_cputime\":%lld,\"total_time\":%lld,", u->type,
             (long long)calls, (long long)(calls / 3), (long long)(calls / 4));
    buf_add_str(b, "\"estimated_time_to_regain_access\":");
    write_time(b, c, regain_ms(a, u, now_ms), 60000);
    buf_addf(b, ",\"ads_api_access_tier\":\"%s\"}", c->development_tier ? "development_access" : "standard_access");
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
    int64_t of_app = c->app_calls > 0 ? percent(calls_of_app(c, app, now_ms), c->app_calls) : 0;
    buf_addf(next(out, &count, "X-App-Usage"), "{\"call_count\":%lld,\"total_time\":%lld,\"total_cputime\":%lld}",
             (long long)of_app, (long long)(of_app / 2), (long long)(of_app / 2));
    if (account == NULL)
        return count;
    struct usage insights = usage_of(c, account, true, active_ads, now_ms);
    struct usage management = usage_of(c, account, false, active_ads, now_ms);
    int64_t score =
        calls_in_window(&account->calls, CALL_KINDS, now_ms, score_window_ms(c)) * INT64_C(10000) / score_max(c);
    int64_t blocked_ms = account->score_blocked_until_ms - now_ms, ordered_ms = told_ms(&account->block, true, now_ms);
    if (blocked_ms < ordered_ms)
        blocked_ms = ordered_ms;
    if (blocked_ms > 0 && score < 10000)
        score = 10000;
    struct buf *b = next(out, &count, "X-Ad-Account-Usage");
    buf_addf(b, "{\"acc_id_util_pct\":%lld.%02lld,\"reset_time_duration\":", (long long)(score / 100),
             (long long)(score % 100));
    write_time(b, c, blocked_ms, 1000);
    buf_addf(b, ",\"ads_api_access_tier\":\"%s\"}", tier);
    b = next(out, &count, "X-Business-Use-Case-Usage");
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
