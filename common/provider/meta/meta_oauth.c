#include "common/provider/meta/meta_oauth.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_request.h"
#include "common/provider/meta/meta_verdict.h"
#include <inttypes.h>

/* What we ask people for; business_management so that accounts of their businesses are listed. */
#define SCOPES "ads_read,business_management"

/* From 1970: in the year 2200. */
#define SECONDS_MAX INT64_C(7258118400)

enum { FORM_BYTES_MAX = 16 * 1024, INFO_BYTES_MAX = 16 * 1024, SCOPES_MAX = 64 };

static int need_app(const struct provider_config *c, struct err *e)
{
    if (c->app_id == NULL || c->app_secret == NULL)
        return err_set(e, ERR_SETTING, "META_APP_ID and META_APP_SECRET are needed to log in at Meta");
    return 0;
}

int meta_login_url(const struct provider_config *c, const char *redirect_uri, const char *state, bool again,
                   struct buf *out, struct err *e)
{
    int rc = need_app(c, e);

    if (rc != 0)
        return rc;
    buf_addf(out, "%s/", c->dialog_url);
    buf_add_url(out, c->api_version);
    buf_add_str(out, "/dialog/oauth");
    meta_url_param(out, "client_id", c->app_id);
    meta_url_param(out, "redirect_uri", redirect_uri);
    meta_url_param(out, "response_type", "code");
    meta_url_param(out, "scope", SCOPES);
    meta_url_param(out, "state", state);
    if (again)
        meta_url_param(out, "auth_type", "rerequest"); /* else the dialog does not ask for a scope declined before */
    return out->overflow ? err_set(e, ERR_LIMIT, "the URL of the login is too long") : 0;
}

static void form_add(struct buf *form, const char *name, const char *value)
{
    if (form->len > 0)
        buf_add_char(form, '&');
    buf_addf(form, "%s=", name);
    buf_add_url(form, value);
}

static int post(const struct provider_config *c, const char *node, const char *edge, struct buf *form,
                const struct secret *bearer, struct http_request *out, struct err *e)
{
    struct buf url;
    int rc;

    if (form->overflow) {
        buf_free(form);
        return err_set(e, ERR_LIMIT, "a question to Meta about a token is longer than %d bytes", FORM_BYTES_MAX);
    }
    meta_url_start(&url, c, node, edge);
    rc = meta_url_finish(&url, c, bearer, out, e);
    if (rc != 0) {
        buf_free(form);
        return rc;
    }
    out->method = "POST";
    out->body = form->data; /* moved */
    return 0;
}

static int start_form(const struct provider_config *c, struct buf *form, struct err *e)
{
    int rc = need_app(c, e);

    if (rc != 0)
        return rc;
    buf_init(form, FORM_BYTES_MAX);
    /* At once as large as it may become: no copy of it stays behind. */
    (void)buf_reserve(form, FORM_BYTES_MAX - 1);
    form_add(form, "client_id", c->app_id);
    form_add(form, "client_secret", secret_reveal(c->app_secret));
    return 0;
}

int meta_code_request(const struct provider_config *c, const char *code, const char *redirect_uri,
                      struct http_request *out, struct err *e)
{
    struct buf form;
    int rc = start_form(c, &form, e);

    if (rc != 0)
        return rc;
    form_add(&form, "redirect_uri", redirect_uri);
    form_add(&form, "code", code);
    return post(c, "oauth", "access_token", &form, NULL, out, e);
}

int meta_extend_request(const struct provider_config *c, const struct secret *token, struct http_request *out,
                        struct err *e)
{
    struct buf form;
    int rc = start_form(c, &form, e);

    if (rc != 0)
        return rc;
    form_add(&form, "grant_type", "fb_exchange_token");
    form_add(&form, "fb_exchange_token", secret_reveal(token));
    return post(c, "oauth", "access_token", &form, NULL, out, e);
}

/* Seconds; what is no number above 0, or lies beyond all reason, is never: 0. */
static int64_t seconds_of(const json_t *value)
{
    const json_int_t s = json_is_integer(value) ? json_integer_value(value) : 0;
    return s > 0 && s < SECONDS_MAX ? s : 0;
}

void meta_grant_read(const struct http_answer *a, struct secret **token, int64_t *lifetime_s, struct verdict *v)
{
    json_t *root = meta_verdict_read(a, NULL, v);
    const json_t *text = json_object_get(root, "access_token"), *life = json_object_get(root, "expires_in");
    struct err e;

    *token = NULL;
    *lifetime_s = 0;
    if (root == NULL)
        return;
    if (!json_is_string(text) || json_string_length(text) == 0) {
        (void)err_set(&e, ERR_ANSWER, "the answer has no access_token");
        meta_verdict_fail(v, &e);
    } else {
        *token = secret_new(json_string_value(text), json_string_length(text));
        *lifetime_s = seconds_of(life);
    }
    json_decref(root);
}

/* A GET by its meaning: Meta takes the method from the form too, and so the token stays out of the URL. */
int meta_inspect_request(const struct provider_config *c, const struct secret *token, const struct secret *app,
                         struct http_request *out, struct err *e)
{
    struct buf form;

    buf_init(&form, FORM_BYTES_MAX);
    (void)buf_reserve(&form, FORM_BYTES_MAX - 1);
    form_add(&form, "method", "get");
    form_add(&form, "input_token", secret_reveal(token));
    return post(c, "debug_token", NULL, &form, app, out, e);
}

static bool grants_reading(const char *scope)
{
    return strcmp(scope, "ads_read") == 0 || strcmp(scope, "ads_management") == 0;
}

static void read_scopes(const json_t *list, struct token_info *out)
{
    size_t i;
    const json_t *one;

    out->scopes = arena_alloc(&out->arena, SCOPES_MAX * sizeof *out->scopes);
    json_array_foreach(list, i, one)
    {
        const char *scope = json_string_value(one);
        if (scope == NULL || out->scopes == NULL || out->scope_count == SCOPES_MAX)
            continue;
        out->scopes[out->scope_count++] = arena_str(&out->arena, scope);
        out->reads_ads |= grants_reading(scope);
    }
}

static void read_info(const json_t *data, struct token_info *out)
{
    const json_t *error = json_object_get(data, "error"), *ends = json_object_get(data, "expires_at");
    struct verdict told = {0};

    if (json_is_object(error))
        meta_verdict_error(error, &told); /* it knows how to leave a token out of Meta's words */
    out->valid = json_is_true(json_object_get(data, "is_valid"));
    out->expires_at_s = seconds_of(ends);
    out->reason = arena_str(&out->arena, told.text[0] != '\0' ? told.text : "Meta says that the token is not valid");
    read_scopes(json_object_get(data, "scopes"), out);
}

void meta_inspect_read(const struct http_answer *a, struct token_info *out, struct verdict *v)
{
    json_t *root = meta_verdict_read(a, NULL, v);
    const json_t *data = json_object_get(root, "data");
    struct err e;

    *out = (struct token_info){0};
    if (root == NULL)
        return;
    if (json_is_object(data)) {
        arena_init(&out->arena, INFO_BYTES_MAX);
        read_info(data, out);
    } else {
        (void)err_set(&e, ERR_ANSWER, "the answer has no object named data");
        meta_verdict_fail(v, &e);
    }
    json_decref(root);
}
