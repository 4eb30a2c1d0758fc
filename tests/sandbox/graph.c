#include "tests/sandbox/graph.h"
#include "common/base/secret.h"
#include "tests/sandbox/batch.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/floods.h"
#include "tests/sandbox/insights.h"
#include "tests/sandbox/oauth.h"
#include "tests/sandbox/objects.h"
#include "tests/sandbox/reports.h"
#include "tests/sandbox/transport.h"

/* Calls that name no object of the world. */
static const struct {
    const char *first, *second; /* segments; second NULL: none */
    bool open;                  /* needs no token */
    bool ads;                   /* of the Marketing API */
    void (*handle)(struct request *r);
} routes[] = {
    {"oauth", "access_token", true, false, oauth_access_token}, {"dialog", "oauth", true, false, oauth_dialog},
    {"debug_token", NULL, false, false, oauth_debug_token},     {"me", NULL, false, false, oauth_me},
    {"me", "permissions", false, false, oauth_permissions},     {"me", "adaccounts", false, true, objects_accounts},
};

static int route_of(const struct request *r)
{
    const char *second = r->segment_count > 1 ? r->segments[1] : NULL;
    for (int i = 0; i < (int)(sizeof routes / sizeof *routes) && r->segment_count > 0; i++) {
        bool same = second == NULL || routes[i].second == NULL ? second == routes[i].second
                                                               : strcmp(second, routes[i].second) == 0;
        if (same && strcmp(r->segments[0], routes[i].first) == 0)
            return i;
    }
    return -1;
}

static void classify(struct request *r)
{
    if (r->segment_count == 0)
        return;
    r->report = reports_find(r->sandbox->reports, r->segments[0]);
    if (r->report != NULL) {
        r->node = (struct ref){.account = report_account(r->report)};
        r->kind = CALL_INSIGHTS;
        return;
    }
    if (!world_find(r->sandbox->world, r->segments[0], &r->node)) {
        r->node.account = NULL;
        return;
    }
    bool edge = r->segment_count > 1;
    if (edge && strcmp(r->segments[1], "insights") == 0)
        r->kind = CALL_INSIGHTS;
    else
        r->kind = r->node.level == LEVEL_ACCOUNT && !edge ? CALL_ACCOUNT : CALL_ENTITIES;
}

static bool check_token(struct request *r)
{
    struct sandbox *s = r->sandbox;
    if (r->token_text != NULL) {
        oauth_know_app_token(s, r->token_text);
        r->token = tokens_find(&s->tokens, r->token_text);
    }
    if (r->token_text == NULL && r->segment_count > 0 && strcmp(r->segments[0], "me") == 0) {
        request_error(r, 400, 2500, 0,
                      "An active access token must be used to query information about the current user.");
        return false;
    }
    if (r->token == NULL) {
        request_error(r, 400, 190, 0, "Invalid OAuth access token.");
        return false;
    }
    enum token_state state = token_state_at(r->token, r->now_ms);
    if (state == TOKEN_OK)
        return true;
    s->faults.struck++;
    request_error(r, 400, 190, token_state_subcode(state), "%s", token_state_message(state));
    return false;
}

static bool check_proof(struct request *r)
{
    const struct sandbox_options *o = &r->sandbox->options;
    const char *given = params_get(&r->params, "appsecret_proof");
    if (o->app_secret == NULL || (given == NULL && !o->require_proof))
        return true;
    if (given == NULL) {
        request_error(r, 400, 100, 0, "API calls from the server require an appsecret_proof argument");
        return false;
    }
    char right[65];
    struct secret *key = secret_new(o->app_secret, strlen(o->app_secret));
    struct secret *message = secret_new(r->token_text, strlen(r->token_text));
    secret_hmac_hex(key, message, right);
    secret_free(key);
    secret_free(message);
    if (strcmp(given, right) == 0)
        return true;
    request_error(r, 400, 100, 0, "Invalid appsecret_proof provided in the API argument");
    return false;
}

static void refuse_by(struct request *r, const struct block *b)
{
    request_error(r, b->status, b->code, b->subcode, "(#%d) There have been too many calls.", b->code);
}

static bool check_limits(struct request *r)
{
    static const char *const many =
        "There have been too many calls from this ad-account. Wait a bit and try again. For more info, "
        "please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.";
    struct sandbox *s = r->sandbox;
    struct account *a = r->node.account;
    struct account_limits *limits = a != NULL ? sandbox_limits(s, a) : NULL;
    enum limit limit = limits_check(&s->limits, &s->calls, &s->app_block, limits, r->kind,
                                    a != NULL ? account_active_ads(a) : 0, r->real_ms);
    r->refused_to_app = limit == LIMIT_APP || limit == LIMIT_APP_BLOCK;
    r->refused = limit != LIMIT_NONE && !r->refused_to_app;
    switch (limit) {
    case LIMIT_NONE:
        return true;
    case LIMIT_APP_BLOCK:
    case LIMIT_BLOCK:
        refuse_by(r, limit == LIMIT_BLOCK && limits != NULL ? &limits->block : &s->app_block);
        break;
    case LIMIT_APP:
        request_error(r, 403, 4, 0, "(#4) Application request limit reached");
        break;
    case LIMIT_INSIGHTS:
        request_error(r, 400, 80000, 2446079, "(#80000) %s", many);
        break;
    case LIMIT_MANAGEMENT:
        request_error(r, 400, 80004, 2446079, "(#80004) %s", many);
        break;
    case LIMIT_SCORE:
        request_error(r, 400, 17, 2446079, "User request limit reached");
        break;
    case LIMIT_SCORE_613:
        request_error(r, 400, 613, 1487742,
                      "There have been too many calls from this ad-account. Please wait a bit and try again.");
        break;
    }
    return false;
}

/* An account that the token does not see does not exist; one whose owner took the right away says so. */
static bool check_access(struct request *r)
{
    const struct account *a = r->node.account;
    if (a == NULL || !token_sees(r->token, a->number)) {
        request_not_found(r);
        return false;
    }
    if (a->access && r->token->can_read_ads)
        return true;
    r->sandbox->faults.struck++;
    request_error(r, 403, 200, 0, "(#200) Ad account owner has NOT grant ads_management or ads_read permission");
    return false;
}

static bool is_method(const struct request *r, const char *method)
{
    return strcmp(r->method, method) == 0;
}

static void serve_report(struct request *r)
{
    bool edge = r->segment_count == 2 && strcmp(r->segments[1], "insights") == 0;
    if (r->segment_count == 1 && is_method(r, "GET"))
        report_node(r);
    else if (edge && is_method(r, "GET"))
        report_rows(r);
    else if (r->segment_count == 1 && is_method(r, "DELETE"))
        report_delete(r);
    else
        request_not_found(r);
}

static void serve_node(struct request *r)
{
    static const char *const edges[LEVEL_COUNT] = {"", "campaigns", "adsets", "ads"};
    const struct entity *x = ref_entity(&r->node);
    if (r->segment_count == 2 && r->kind == CALL_INSIGHTS && is_method(r, "POST")) {
        reports_create(r);
        return;
    }
    if (!is_method(r, "GET") || r->segment_count > 2 || (x != NULL && x->gone)) {
        request_not_found(r);
        return;
    }
    if (r->segment_count == 1) {
        objects_node(r);
        return;
    }
    if (r->kind == CALL_INSIGHTS) {
        insights_edge(r);
        return;
    }
    for (enum level level = (enum level)(r->node.level + 1); level < LEVEL_COUNT; level++)
        if (strcmp(r->segments[1], edges[level]) == 0) {
            objects_edge(r, level);
            return;
        }
    request_error(r, 400, 2500, 0, "Unknown path components: /%s", r->segments[1]);
}

static bool is_batch(const struct request *r)
{
    return r->x != NULL && r->segment_count == 0 && is_method(r, "POST") && params_get(&r->params, "batch") != NULL;
}

static void serve(struct request *r)
{
    int route = route_of(r);
    if (r->has_fault && (r->fault.kind == FAULT_ERROR || r->fault.kind == FAULT_STATUS_500)) {
        request_error(r, r->fault.status, r->fault.code, r->fault.subcode, "%s", r->fault.message);
        return;
    }
    if (r->has_fault && r->fault.kind == FAULT_BODY) {
        r->status = r->fault.status;
        buf_add_str(&r->body, r->fault.body);
        r->content_type = *r->fault.body == '<' ? "text/html; charset=utf-8" : r->content_type;
        return;
    }
    bool batch = is_batch(r), open = route >= 0 && routes[route].open;
    if (!versions_check(r, !batch && (route < 0 || routes[route].ads)) ||
        (!open && (!check_token(r) || !check_proof(r))) || (!batch && !check_limits(r)))
        return;
    if (batch)
        batch_serve(r);
    else if (route >= 0)
        routes[route].handle(r);
    else if (r->segment_count == 0 && params_get(&r->params, "ids") != NULL)
        request_error(r, 400, 100, 0,
                      "(#100) The parameter ids is no longer supported. Please use batch requests instead.");
    else if (check_access(r) && r->report != NULL)
        serve_report(r);
    else if (!request_failed(r))
        serve_node(r);
}

static void add_headers(struct request *r)
{
    struct sandbox *s = r->sandbox;
    const struct account *a = r->node.account;
    struct limits_header headers[LIMITS_HEADERS];
    int count =
        limits_headers(&s->limits, &s->calls, a != NULL ? sandbox_limits(s, a) : NULL, a != NULL ? a->number : 0,
                       r->kind, a != NULL ? account_active_ads(a) : 0, r->real_ms, headers);
    for (int i = 0; i < count; i++) {
        request_header(r, headers[i].name, buf_str(&headers[i].value));
        buf_free(&headers[i].value);
    }
    uint64_t id = dice_roll(s->options.world.seed ^ 0x7261ce, s->answers++);
    request_header(r, "facebook-api-version", r->version);
    request_header(r, "x-fb-trace-id", arena_printf(&r->arena, "%011llx", (unsigned long long)(id >> 20)));
    request_header(r, "x-fb-request-id", arena_printf(&r->arena, "%016llx", (unsigned long long)id));
    request_header(r, "x-fb-rev", "1018000000");
    request_header(r, "Cache-Control", "private, no-cache, no-store, must-revalidate");
}

static void log_call(struct request *r)
{
    struct sandbox *s = r->sandbox;
    struct call call = {.at_ms = r->real_ms, .query = request_hash(r, true), .kind = r->kind};
    calls_add(&s->calls, &call);
    if (r->node.account != NULL)
        calls_add(&sandbox_limits(s, r->node.account)->calls, &call);
}

/* The call that was logged last for this account and for the app is this one: nothing happens in between. */
static void log_status(struct request *r)
{
    struct sandbox *s = r->sandbox;
    struct call *call = &s->calls.list[s->calls.count - 1];
    call->status = r->status;
    call->refused = r->refused ? CALL_REFUSED : r->refused_to_app ? CALL_REFUSED_TO_APP : CALL_SERVED;
    if (r->node.account == NULL)
        return;
    struct account_limits *limits = sandbox_limits(s, r->node.account);
    limits->calls.list[limits->calls.count - 1] = *call;
    limits->user_errors += r->status != 200;
}

static void take_fault(struct request *r)
{
    const char *after = params_get(&r->params, "after"), *range = params_get(&r->params, "time_range");
    const char *target = arena_printf(&r->arena, "%s %s?after=%s&time_range=%s", r->method, r->path,
                                      after != NULL ? after : "", range != NULL ? range : "");
    const struct fault *fault =
        faults_take(&r->sandbox->faults, call_kind_names[r->kind], target != NULL ? target : r->path);
    if (fault == NULL)
        return;
    r->fault = *fault;
    r->has_fault = true;
}

void graph_answer(struct request *r)
{
    bool is_call = !is_batch(r); /* of a batch each item is one */
    classify(r);
    take_fault(r);
    if (is_call)
        log_call(r);
    serve(r);
    if (is_call)
        log_status(r);
    if (r->has_fault && r->fault.kind == FAULT_STATUS_500) {
        buf_reset(&r->body);
        buf_add_str(&r->body, "{\"error\":{\"code\":2}}");
    }
    flood(r);
    add_headers(r);
}

void graph_handle(struct request *r)
{
    graph_answer(r);
    transport_send(r, r->sandbox->options.latency_ms + (r->has_fault ? r->fault.delay_ms : 0));
}
