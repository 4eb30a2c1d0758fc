#include "tests/sandbox/control.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/decimal.h"
#include "common/base/str.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/facts.h"
#include "tests/sandbox/reports.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/times.h"
#include "tests/sandbox/truth.h"

/* Parameters; a bad one makes the answer an error, which is checked once at the end of reading. */
static const char *text_of(const struct request *r, const char *name)
{
    return params_get(&r->params, name);
}

static int64_t number_of(struct request *r, const char *name, int64_t otherwise)
{
    const char *text = text_of(r, name);
    int64_t value = otherwise;
    if (text != NULL && !str_to_i64(text, INT32_MIN, INT64_C(1) << 48, &value))
        request_error(r, 400, 100, 0, "%s must be a number; it is %s", name, text);
    return value;
}

static bool flag_of(struct request *r, const char *name, bool otherwise)
{
    const char *text = text_of(r, name);
    bool value = otherwise;
    if (text != NULL && !str_to_bool(text, &value))
        request_error(r, 400, 100, 0, "%s must be true or false; it is %s", name, text);
    return value;
}

static date_t day_of(struct request *r, const char *name, date_t otherwise)
{
    const char *text = text_of(r, name);
    date_t value = otherwise;
    if (text != NULL && !date_parse(text, &value))
        request_error(r, 400, 100, 0, "%s must be a day like 2026-11-22; it is %s", name, text);
    return value;
}

/* NULL when the parameter is absent, or wrong, which is an error. */
static struct account *account_of(struct request *r)
{
    struct ref ref;
    const char *id = text_of(r, "account");
    if (id == NULL)
        return NULL;
    if (world_find(r->sandbox->world, id, &ref) && ref.level == LEVEL_ACCOUNT)
        return ref.account;
    request_error(r, 400, 100, 0, "there is no account %s", id);
    return NULL;
}

/* The same where it is required: NULL is an error. */
static struct account *needed_account(struct request *r)
{
    struct account *a = account_of(r);
    if (a == NULL && !request_failed(r))
        request_error(r, 400, 100, 0, "account is required");
    return a;
}

static void done(struct request *r)
{
    if (!request_failed(r))
        buf_add_str(&r->body, "{\"success\":true}");
}

static void clock_call(struct request *r)
{
    char text[TIMES_TEXT];
    int64_t at_ms;
    struct vclock *c = &r->sandbox->clock;
    const char *now = text_of(r, "now");
    int64_t advance = number_of(r, "advance_seconds", 0);
    bool stop = flag_of(r, "stop", c->stopped);
    if (now != NULL && !times_parse(now, &at_ms))
        request_error(r, 400, 100, 0, "now must be like 2026-11-22T10:00:00Z; it is %s", now);
    if (request_failed(r))
        return;
    if (now != NULL)
        vclock_set(c, at_ms);
    if (advance != 0)
        vclock_set(c, vclock_now(c) + advance * 1000);
    if (stop != c->stopped)
        vclock_stop(c, stop);
    buf_addf(&r->body, "{\"now\":\"%s\",\"now_ms\":%lld,\"stopped\":%s}", times_utc(vclock_now(c), text),
             (long long)vclock_now(c), c->stopped ? "true" : "false");
}

static void truth_call(struct request *r)
{
    struct account *a = needed_account(r);
    if (a == NULL)
        return;
    date_t today = zone_day(a->zone, r->now_ms);
    date_t from = day_of(r, "from", today - 90), to = day_of(r, "to", today);
    const char *granularity = text_of(r, "granularity");
    bool hourly = granularity != NULL && strcmp(granularity, "hour") == 0;
    if (granularity != NULL && !hourly && strcmp(granularity, "day") != 0)
        request_error(r, 400, 100, 0, "granularity must be day or hour; it is %s", granularity);
    if (!request_failed(r))
        truth_write(&r->body, a, from, to, hourly, r->now_ms);
}

static void calls_call(struct request *r)
{
    struct sandbox *s = r->sandbox;
    const struct account *a = account_of(r);
    int64_t window = number_of(r, "window", 3600), wall_ms = clk_wall_ms();
    if (request_failed(r))
        return;
    const struct calls *calls = a != NULL ? &sandbox_limits(s, a)->calls : &s->calls;
    int counts[CALL_KINDS] = {0}, refused = 0;
    for (int i = 0; i < calls->count; i++) {
        counts[calls->list[i].kind]++;
        refused += calls->list[i].status != 200;
    }
    struct buf *b = &r->body;
    buf_addf(
        b,
        "{\"total\":%d,\"refused\":%d,\"faults_struck\":%lld,\"window_seconds\":%lld,\"max_in_window\":%d,\"counts\":{",
        calls->count, refused, (long long)s->faults.struck, (long long)window,
        calls_max_in_window(calls, window * 1000));
    for (int i = 0; i < CALL_KINDS; i++)
        buf_addf(b, "%s\"%s\":%d", i > 0 ? "," : "", call_kind_names[i], counts[i]);
    TEXT_LITERAL(b, "},\"calls\":[");
    for (int i = 0; i < calls->count; i++) {
        const struct call *c = &calls->list[i];
        buf_addf(b, "%s{\"at_ms\":%lld,\"kind\":\"%s\",\"status\":%d,\"query\":\"%016llx\"}", i > 0 ? "," : "",
                 (long long)(wall_ms - (r->real_ms - c->at_ms)), call_kind_names[c->kind], c->status,
                 (unsigned long long)c->query);
    }
    buf_add_str(b, "]}");
}

static void reset_calls_call(struct request *r)
{
    struct sandbox *s = r->sandbox;
    calls_free(&s->calls);
    for (int i = 0; i < world_accounts(s->world); i++) {
        calls_free(&s->by_account[i].calls);
        s->by_account[i] = (struct account_limits){.calls = s->by_account[i].calls};
    }
    s->faults.struck = 0;
    done(r);
}

/* Something that differs whenever a fact's numbers do; 0 for no row. */
static uint64_t fingerprint(const struct account *a, int ad, date_t day, const struct observation *o)
{
    struct fact f;
    if (!facts_of_ad(a, ad, day, o, &f))
        return 0;
    uint64_t key = dice_roll((uint64_t)f.impressions, (uint64_t)f.spend);
    return dice_roll(key, (uint64_t)(f.purchases * 1000003 + f.revenue)) | 1;
}

static void fingerprints(const struct account *a, const struct restatement *r, int64_t now_ms, uint64_t *out)
{
    struct observation o = facts_observe(a, now_ms);
    for (int ad = 0; ad < a->counts[LEVEL_AD]; ad++)
        for (date_t day = r->from; day <= r->to; day++)
            *out++ = fingerprint(a, ad, day, &o);
}

static bool read_percent(struct request *r, int *permille)
{
    struct decimal d;
    const char *text = text_of(r, "percent");
    if (text == NULL || !decimal_parse(text, &d) || d.scale > 1 || d.units < 0) {
        request_error(r, 400, 100, 0, "percent must be 0 to 100 with at most one decimal");
        return false;
    }
    *permille = (int)d.units * (d.scale == 0 ? 10 : 1);
    return true;
}

static void restate_call(struct request *r)
{
    struct world *w = r->sandbox->world;
    struct account *only = account_of(r);
    int generation, changed = 0, vanished = 0, appeared = 0;
    (void)world_restatements(w, &generation);
    struct restatement what = {.account = only != NULL ? only->number : 0,
                               .from = day_of(r, "from", DATE_NONE),
                               .to = day_of(r, "to", DATE_NONE),
                               .key = dice_roll(r->sandbox->options.world.seed, 7000 + (uint64_t)generation)};
    if (!request_failed(r) && (what.from == DATE_NONE || what.to < what.from || what.to - what.from > 4000))
        request_error(r, 400, 100, 0, "from and to are required");
    if (request_failed(r) || !read_percent(r, &what.permille))
        return;
    int accounts = only != NULL ? 1 : world_accounts(w);
    size_t cells = (size_t)(what.to - what.from + 1) * (size_t)r->sandbox->options.world.counts[LEVEL_AD];
    uint64_t *before = calloc(cells * (size_t)accounts + 1, sizeof *before), *after = calloc(cells + 1, sizeof *after);
    CHECK(before != NULL && after != NULL);
    int first = world_account_at(w, 0)->number;
    for (int i = 0; i < accounts; i++)
        fingerprints(only != NULL ? only : world_account(w, first + i), &what, r->now_ms, before + (size_t)i * cells);
    world_restate(w, &what);
    for (int i = 0; i < accounts; i++) {
        fingerprints(only != NULL ? only : world_account(w, first + i), &what, r->now_ms, after);
        for (size_t cell = 0; cell < cells; cell++) {
            uint64_t was = before[(size_t)i * cells + cell], is = after[cell];
            changed += was != 0 && is != 0 && was != is;
            vanished += was != 0 && is == 0;
            appeared += was == 0 && is != 0;
        }
    }
    free(before);
    free(after);
    buf_addf(&r->body, "{\"generation\":%d,\"changed\":%d,\"vanished\":%d,\"appeared\":%d}", generation + 1, changed,
             vanished, appeared);
}

static void token_accounts(struct request *r, struct token *t)
{
    const char *ids[TOKEN_ACCOUNTS_MAX];
    struct ref ref;
    int count = params_list(&r->params, "accounts", &r->arena, ids, TOKEN_ACCOUNTS_MAX);
    t->account_count = 0;
    for (int i = 0; i < count; i++) {
        if (!world_find(r->sandbox->world, ids[i], &ref) || ref.level != LEVEL_ACCOUNT)
            request_error(r, 400, 100, 0, "there is no account %s", ids[i]);
        else
            t->accounts[t->account_count++] = ref.account->number;
    }
    if (count < 0)
        request_error(r, 400, 100, 0, "accounts must be a list of at most %d", TOKEN_ACCOUNTS_MAX);
}

static void token_call(struct request *r)
{
    const char *text = text_of(r, "token"), *state_text = text_of(r, "state");
    enum token_state state = TOKEN_OK;
    int64_t expires_in = number_of(r, "expires_in", 0);
    if (text == NULL || strlen(text) >= TOKEN_BYTES)
        request_error(r, 400, 100, 0, "token is required, below %d characters", TOKEN_BYTES);
    else if (state_text != NULL && !token_state_find(state_text, &state))
        request_error(r, 400, 100, 0, "state is unknown: %s", state_text);
    if (request_failed(r))
        return;
    struct token *t = tokens_put(&r->sandbox->tokens, text);
    t->state = state;
    t->issued_ms = r->now_ms;
    t->expires_ms = expires_in != 0 ? r->now_ms + expires_in * 1000 : 0;
    t->can_read_ads = flag_of(r, "ads_read", t->can_read_ads);
    if (text_of(r, "accounts") != NULL)
        token_accounts(r, t);
    done(r);
}

static void account_call(struct request *r)
{
    struct account *a = needed_account(r);
    if (a == NULL)
        return;
    a->access = flag_of(r, "access", a->access);
    a->status = (int)number_of(r, "status", a->status);
    done(r);
}

static void change_entity(struct request *r, const char *id, struct entity_change change)
{
    struct ref ref;
    if (id == NULL || !world_find(r->sandbox->world, id, &ref) || ref.level == LEVEL_ACCOUNT)
        request_error(r, 400, 100, 0, "there is no campaign, ad set or ad %s", id != NULL ? id : "");
    if (!request_failed(r))
        entity_change(&ref, &change, r->now_ms);
    done(r);
}

static void entity_call(struct request *r)
{
    enum status status = STATUS_ACTIVE;
    const char *text = text_of(r, "status");
    if (text != NULL && (!status_find(text, &status) || status > STATUS_DELETED))
        request_error(r, 400, 100, 0, "status must be ACTIVE, PAUSED, ARCHIVED or DELETED; it is %s", text);
    change_entity(r, text_of(r, "id"),
                  (struct entity_change){.name = text_of(r, "name"),
                                         .status = text != NULL ? (int)status : -1,
                                         .daily_budget = number_of(r, "daily_budget", -1)});
}

static void delete_ad_call(struct request *r)
{
    change_entity(
        r, text_of(r, "ad"),
        (struct entity_change){.status = STATUS_DELETED, .daily_budget = -1, .gone = flag_of(r, "permanent", false)});
}

static void limits_call(struct request *r)
{
    struct limits_config c = r->sandbox->limits;
    c.calls = number_of(r, "calls", c.calls);
    c.window_ms = number_of(r, "window_seconds", c.window_ms / 1000) * 1000;
    c.app_calls = number_of(r, "app_calls", c.app_calls);
    c.app_window_ms = number_of(r, "app_window_seconds", c.app_window_ms / 1000) * 1000;
    c.score_max = number_of(r, "score_max", c.score_max);
    c.score_window_ms = number_of(r, "score_window_seconds", c.score_window_ms / 1000) * 1000;
    c.score_block_ms = number_of(r, "score_block_seconds", c.score_block_ms / 1000) * 1000;
    if (!request_failed(r))
        r->sandbox->limits = c;
    done(r);
}

static void oauth_call(struct request *r)
{
    struct oauth_codes *codes = &r->sandbox->codes;
    codes->deny = flag_of(r, "deny", codes->deny);
    codes->decline_ads_read = flag_of(r, "decline_ads_read", codes->decline_ads_read);
    codes->ask = flag_of(r, "ask", codes->ask);
    done(r);
}

static void fault_call(struct request *r)
{
    struct faults *faults = &r->sandbox->faults;
    const char *kind = text_of(r, "kind"), *match = text_of(r, "match"), *message = text_of(r, "message"),
               *body = text_of(r, "body");
    struct fault f = {.skip = number_of(r, "skip", 0),
                      .count = number_of(r, "count", 1),
                      .percent = number_of(r, "percent", 100),
                      .delay_ms = number_of(r, "delay_ms", 0),
                      .status = (int)number_of(r, "status", 500),
                      .code = (int)number_of(r, "code", 2),
                      .subcode = (int)number_of(r, "subcode", 0)};
    (void)str_copy(f.match, sizeof f.match, match != NULL ? match : "");
    (void)str_copy(f.message, sizeof f.message,
                   message != NULL ? message
                                   : "An unexpected error has occurred. Please retry your "
                                     "request later.");
    (void)str_copy(f.body, sizeof f.body, body != NULL ? body : "");
    if (flag_of(r, "clear", false))
        faults_clear(faults);
    else if (kind == NULL || !fault_kind_find(kind, &f.kind))
        request_error(r, 400, 100, 0, "kind is unknown: %s", kind != NULL ? kind : "");
    else if (!request_failed(r) && !faults_add(faults, &f))
        request_error(r, 400, 100, 0, "there are %d faults already", FAULTS_MAX);
    done(r);
}

/* What is not said is no bound. */
static void too_much_call(struct request *r)
{
    struct too_much t = {.rows = number_of(r, "rows", 0),
                         .entity_rows = number_of(r, "entity_rows", 0),
                         .cells = number_of(r, "cells", 0),
                         .fields = number_of(r, "fields", 0),
                         .unless_report = flag_of(r, "unless_report", false),
                         .unless_campaign = flag_of(r, "unless_campaign", false),
                         .day = day_of(r, "day", DATE_NONE),
                         .coded = flag_of(r, "coded", false)};
    if (!request_failed(r))
        r->sandbox->too_much = t;
    done(r);
}

static void report_plan_call(struct request *r)
{
    struct report_plan plan = report_plan_usual;
    const char *outcome = text_of(r, "outcome"), *message = text_of(r, "error_message");
    plan.polls = number_of(r, "polls", plan.polls);
    plan.ms = number_of(r, "ms", plan.ms);
    plan.hold = number_of(r, "hold", plan.hold);
    plan.unseen_ms = number_of(r, "unseen_ms", plan.unseen_ms);
    plan.percent = (int)number_of(r, "percent", plan.percent);
    plan.error_code = (int)number_of(r, "error_code", plan.error_code);
    plan.error_subcode = (int)number_of(r, "error_subcode", plan.error_subcode);
    plan.count = number_of(r, "count", plan.count);
    if (message != NULL)
        (void)str_copy(plan.error_message, sizeof plan.error_message, message);
    if (outcome != NULL && !report_outcome_find(outcome, &plan.outcome))
        request_error(r, 400, 100, 0, "outcome is unknown: %s", outcome);
    if (plan.polls < 0 || plan.ms < 0 || plan.percent < 0 || plan.percent > 100)
        request_error(r, 400, 100, 0, "polls and ms must not be negative, percent must be 0 to 100");
    if (!request_failed(r))
        r->sandbox->reports->plan = plan;
    done(r);
}

static void reports_call(struct request *r)
{
    const struct reports *all = r->sandbox->reports;
    buf_addf(&r->body, "{\"created\":%lld,\"polls\":%lld,\"pages\":%lld,\"reports\":", (long long)all->made,
             (long long)all->polls, (long long)all->pages);
    reports_write(&r->body, all);
    buf_add_char(&r->body, '}');
}

static const struct {
    const char *method, *name;
    void (*handle)(struct request *r);
} routes[] = {
    {"GET", "clock", clock_call},      {"POST", "clock", clock_call},
    {"GET", "truth", truth_call},      {"GET", "calls", calls_call},
    {"POST", "token", token_call},     {"POST", "reset-calls", reset_calls_call},
    {"POST", "restate", restate_call}, {"POST", "entity", entity_call},
    {"POST", "account", account_call}, {"POST", "delete-ad", delete_ad_call},
    {"POST", "limits", limits_call},   {"POST", "oauth", oauth_call},
    {"POST", "fault", fault_call},     {"POST", "report", report_plan_call},
    {"GET", "reports", reports_call},  {"POST", "too-much", too_much_call},
};

void control_handle(struct request *r)
{
    const char *name = r->segment_count == 2 ? r->segments[1] : "";
    size_t at = 0, count = sizeof routes / sizeof *routes;
    while (at < count && (strcmp(routes[at].name, name) != 0 || strcmp(routes[at].method, http_method(r->x)) != 0))
        at++;
    if (at < count)
        routes[at].handle(r);
    else
        request_error(r, 404, 100, 0, "the sandbox has no %s /sandbox/%s", http_method(r->x), name);
    request_send(r, 0);
}
