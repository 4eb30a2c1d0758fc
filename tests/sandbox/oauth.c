#include "tests/sandbox/oauth.h"
#include "common/base/str.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/text.h"

#define SHORT_LIVED_MS INT64_C(5400000)
#define LONG_LIVED_MS INT64_C(5184000000)
#define CODE_LIFETIME_MS INT64_C(600000)
#define DATA_ACCESS_MS INT64_C(7776000000)
#define USER_ID "100000000000777"
#define USER_NAME "Sam Sandbox"

static bool client_is_right(struct request *r, bool secret)
{
    const struct sandbox_options *o = &r->sandbox->options;
    const char *id = params_get(&r->params, "client_id"), *given = params_get(&r->params, "client_secret");
    if (id == NULL || strcmp(id, o->app_id) != 0) {
        request_error(r, 400, 101, 0,
                      "Error validating application. Cannot get application info due to a system error.");
        return false;
    }
    if (secret && (given == NULL || (o->app_secret != NULL && strcmp(given, o->app_secret) != 0))) {
        request_error(r, 400, 1, 0, "Error validating client secret.");
        return false;
    }
    return true;
}

static const char *make_code(struct sandbox *s, const char *redirect_uri, bool reads_ads, int64_t now_ms)
{
    uint64_t roll = dice_roll(s->options.world.seed ^ 0xc0de, s->codes.made);
    size_t at = s->codes.made++ % OAUTH_CODES_MAX;
    (void)snprintf(s->codes.list[at].text, sizeof s->codes.list[at].text, "AQB%016llx%016llx", (unsigned long long)roll,
                   (unsigned long long)dice_roll(roll, 1));
    (void)str_copy(s->codes.list[at].redirect_uri, sizeof s->codes.list[at].redirect_uri, redirect_uri);
    s->codes.list[at].used = false;
    s->codes.list[at].reads_ads = reads_ads;
    s->codes.list[at].made_ms = now_ms;
    return s->codes.list[at].text;
}

static void form_field(struct buf *b, const struct request *r, const char *name)
{
    const char *value = params_get(&r->params, name);
    if (value == NULL)
        return;
    buf_addf(b, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    for (; *value != 0; value++) {
        if (strchr("<>&\"'", *value) != NULL)
            buf_addf(b, "&#%d;", *value);
        else
            buf_add_char(b, *value);
    }
    TEXT_LITERAL(b, "\">");
}

/* What people see; the form comes back here with their answer. */
static void show_dialog(struct request *r)
{
    static const char *const kept[] = {"client_id", "redirect_uri", "state", "scope"};
    struct buf *b = &r->body;
    TEXT_LITERAL(b, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Log in - sandbox</title>"
                    "</head><body><h1>metricx sandbox</h1><form method=\"get\">");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        form_field(b, r, kept[i]);
    TEXT_LITERAL(b, "<p>An app wants to read the ads of " USER_NAME ".</p><p><label>"
                    "<input type=\"checkbox\" name=\"ads_read\" value=\"1\" checked> ads_read</label></p>"
                    "<button name=\"answer\" value=\"continue\">Continue</button> "
                    "<button name=\"answer\" value=\"cancel\">Cancel</button></form></body></html>");
    r->content_type = "text/html; charset=utf-8";
}

void oauth_dialog(struct request *r)
{
    const struct oauth_codes *codes = &r->sandbox->codes;
    const char *answer = params_get(&r->params, "answer");
    const bool deny = answer != NULL ? strcmp(answer, "cancel") == 0 : codes->deny;
    const bool reads_ads = answer != NULL ? params_get(&r->params, "ads_read") != NULL : !codes->decline_ads_read;
    const char *redirect = params_get(&r->params, "redirect_uri"), *state = params_get(&r->params, "state");
    struct buf url;
    if (!client_is_right(r, false))
        return;
    if (redirect == NULL || strlen(redirect) >= 512) {
        request_error(r, 400, 191, 0, "The redirect_uri URL must be absolute");
        return;
    }
    if (codes->ask && answer == NULL) {
        show_dialog(r);
        return;
    }
    buf_init(&url, BODY_BYTES_MAX);
    buf_addf(&url, "%s%c", redirect, strchr(redirect, '?') != NULL ? '&' : '?');
    if (deny)
        buf_add_str(&url, "error_reason=user_denied&error=access_denied&error_description=Permissions+error");
    else
        buf_addf(&url, "code=%s", make_code(r->sandbox, redirect, reads_ads, r->now_ms));
    if (state != NULL) {
        buf_add_str(&url, "&state=");
        buf_add_url(&url, state);
    }
    buf_add_str(&url, "#_=_");
    http_reply_header(r->x, "Location", buf_str(&url));
    r->status = 302;
    r->content_type = "text/html; charset=utf-8";
    buf_free(&url);
}

/* A fresh user token in r's answer. */
static void grant(struct request *r, int64_t lifetime_ms, bool reads_ads)
{
    struct sandbox *s = r->sandbox;
    uint64_t roll = dice_roll(s->options.world.seed ^ 0x70cce, (uint64_t)s->tokens.count);
    const char *text = arena_printf(&r->arena, "EAAB%016llx%016llxZD", (unsigned long long)roll,
                                    (unsigned long long)dice_roll(roll, 1));
    struct token *t = tokens_put(&s->tokens, text);
    t->issued_ms = r->now_ms;
    t->expires_ms = r->now_ms + lifetime_ms;
    t->can_read_ads = reads_ads;
    buf_addf(&r->body, "{\"access_token\":\"%s\",\"token_type\":\"bearer\",\"expires_in\":%lld}", text,
             (long long)(lifetime_ms / 1000));
}

static void exchange_code(struct request *r)
{
    struct sandbox *s = r->sandbox;
    const char *code = params_get(&r->params, "code"), *redirect = params_get(&r->params, "redirect_uri");
    int at = 0;
    while (code != NULL && at < OAUTH_CODES_MAX && strcmp(s->codes.list[at].text, code) != 0)
        at++;
    if (code == NULL || *code == 0 || at == OAUTH_CODES_MAX) {
        request_error(r, 400, 100, 36007, "Invalid verification code format.");
    } else if (redirect == NULL || strcmp(redirect, s->codes.list[at].redirect_uri) != 0) {
        request_error(r, 400, 100, 36008,
                      "Error validating verification code. Please make sure your redirect_uri is identical to the one "
                      "you used in "
                      "the OAuth dialog request");
    } else if (s->codes.list[at].used || r->now_ms - s->codes.list[at].made_ms > CODE_LIFETIME_MS) {
        request_error(r, 400, 100, 36009, "This authorization code has been used.");
    } else {
        s->codes.list[at].used = true;
        grant(r, SHORT_LIVED_MS, s->codes.list[at].reads_ads);
    }
}

static void exchange_token(struct request *r)
{
    const char *text = params_get(&r->params, "fb_exchange_token");
    const struct token *t = text != NULL ? tokens_find(&r->sandbox->tokens, text) : NULL;
    enum token_state state = t != NULL ? token_state_at(t, r->now_ms) : TOKEN_INVALID;
    if (t == NULL)
        request_error(r, 400, 190, 0, "Invalid OAuth access token.");
    else if (state != TOKEN_OK)
        request_error(r, 400, 190, token_state_subcode(state), "%s", token_state_message(state));
    else
        grant(r, LONG_LIVED_MS, t->can_read_ads);
}

void oauth_know_app_token(struct sandbox *s, const char *text)
{
    size_t id = strlen(s->options.app_id);
    bool ours = strncmp(text, s->options.app_id, id) == 0 && text[id] == '|' && strlen(text) < TOKEN_BYTES;
    if (ours && (s->options.app_secret == NULL || strcmp(text + id + 1, s->options.app_secret) == 0))
        tokens_put(&s->tokens, text)->app = true;
}

static void app_token(struct request *r)
{
    const char *text =
        arena_printf(&r->arena, "%s|%s", r->sandbox->options.app_id, params_get(&r->params, "client_secret"));
    oauth_know_app_token(r->sandbox, text);
    TEXT_LITERAL(&r->body, "{");
    text_pair(&r->body, "access_token", text);
    TEXT_LITERAL(&r->body, ",\"token_type\":\"bearer\"}");
}

void oauth_access_token(struct request *r)
{
    const char *grant_type = params_get(&r->params, "grant_type");
    if (!client_is_right(r, true))
        return;
    if (grant_type == NULL || strcmp(grant_type, "authorization_code") == 0)
        exchange_code(r);
    else if (strcmp(grant_type, "fb_exchange_token") == 0) /* users' tokens and those of system users alike */
        exchange_token(r);
    else if (strcmp(grant_type, "client_credentials") == 0)
        app_token(r);
    else
        request_error(r, 400, 100, 0, "(#100) Param grant_type is unknown: %s", grant_type);
}

void oauth_debug_token(struct request *r)
{
    struct buf *b = &r->body;
    const struct sandbox_options *o = &r->sandbox->options;
    const char *text = params_get(&r->params, "input_token");
    const struct token *t = text != NULL ? tokens_find(&r->sandbox->tokens, text) : NULL;
    enum token_state state = t != NULL ? token_state_at(t, r->now_ms) : TOKEN_INVALID;
    const char *method = params_get(&r->params, "method");
    if (strcmp(http_method(r->x), "POST") == 0 && (method == NULL || strcmp(method, "get") != 0)) {
        request_error(r, 400, 100, 33, "Unsupported post request.");
        return;
    }
    if (text == NULL) {
        request_error(r, 400, 100, 0, "(#100) The parameter input_token is required");
        return;
    }
    if (state != TOKEN_OK) { /* an answer, not an error */
        TEXT_LITERAL(b, "{\"data\":{\"error\":{\"code\":190,");
        text_pair(b, "message", t != NULL ? token_state_message(state) : "Invalid OAuth access token.");
        buf_addf(b, ",\"subcode\":%d},\"is_valid\":false,\"scopes\":[]}}", token_state_subcode(state));
        return;
    }
    int64_t data_access = t->expires_ms != 0 ? t->issued_ms + DATA_ACCESS_MS : 0;
    buf_addf(b, "{\"data\":{\"app_id\":\"%s\",\"type\":\"%s\",\"application\":\"metricx sandbox\",", o->app_id,
             t->app ? "APP" : "USER");
    buf_addf(b, "\"data_access_expires_at\":%lld,\"expires_at\":%lld,\"is_valid\":true,\"issued_at\":%lld,",
             (long long)(data_access / 1000), (long long)(t->expires_ms / 1000), (long long)(t->issued_ms / 1000));
    buf_addf(b, "\"scopes\":[%s\"business_management\"],\"user_id\":\"" USER_ID "\"}}",
             t->can_read_ads ? "\"ads_read\"," : "");
}

void oauth_me(struct request *r)
{
    buf_add_str(&r->body, "{\"id\":\"" USER_ID "\",\"name\":\"" USER_NAME "\"}");
}

void oauth_permissions(struct request *r)
{
    buf_addf(&r->body,
             "{\"data\":[{\"permission\":\"ads_read\",\"status\":\"%s\"},"
             "{\"permission\":\"business_management\",\"status\":\"granted\"}]}",
             r->token->can_read_ads ? "granted" : "declined");
}
