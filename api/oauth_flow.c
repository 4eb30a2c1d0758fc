#include "api/answer.h"
#include "api/oauth_parts.h"
#include "api/oauth_routes.h"
#include "api/walls.h"
#include "common/base/clk.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/remote/connect.h"
#include "common/remote/token_call.h"
#include "common/store/listing.h"
#include "common/store/oauth_state.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A login that has come back from the provider. Nothing is stored before the last state.
 *
 *   USING ─► EXCHANGING ─► EXTENDING ─► INSPECTING ─► STORING
 *                                            └──────► FINDING ─► RECONNECTING */
enum flow_state {
    USING,       /* the state: once */
    EXCHANGING,  /* the code for a token */
    EXTENDING,   /* the token for one that lives long */
    INSPECTING,  /* what it is worth */
    STORING,     /* it, encrypted; accounts are to be chosen */
    FINDING,     /* the connection whose token it replaces */
    RECONNECTING /* that one, when the token may read its account */
};

struct oauth_flow {
    struct call *call;
    enum flow_state state;
    const struct provider *provider;
    struct oauth_state login;
    char *redirect_uri;
    struct secret *token;
    char *sealed;
    int64_t expires_at_s;
    char **scopes;
    int scope_count;
    struct token_said said;
    struct reconnect_request request;
    char account[64], token_id[UUID_TEXT]; /* of the connection */
    char run[UUID_TEXT];                   /* of its sync */
};

static void flow_step(struct oauth_flow *f, int rc, const struct err *e);

static void flow_free(struct oauth_flow *f)
{
    for (int i = 0; i < f->scope_count; i++)
        free(f->scopes[i]);
    free(f->scopes);
    free(f->redirect_uri);
    free(f->sealed);
    secret_free(f->token);
    free(f);
}

/* --- the callbacks of what a state awaits --- */

static void on_used(void *arg, int rc, const struct err *e)
{
    flow_step(arg, rc, e);
}

static void on_granted(void *arg, int rc, struct granted *g, const struct err *e)
{
    struct oauth_flow *f = arg;

    if (rc == 0) {
        secret_free(f->token);
        f->token = g->token;
        g->token = NULL;
        f->expires_at_s = g->lifetime_s > 0 ? clk_wall_ms() / 1000 + g->lifetime_s : 0;
    }
    flow_step(f, rc, e);
}

static void keep_scopes(struct oauth_flow *f, const struct token_info *info)
{
    f->scopes = mem_new((size_t)info->scope_count + 1, sizeof *f->scopes);
    for (f->scope_count = 0; f->scope_count < info->scope_count; f->scope_count++)
        f->scopes[f->scope_count] = str_dup(info->scopes[f->scope_count]);
    f->said = (struct token_said){.expires_at_s = info->expires_at_s > 0 ? info->expires_at_s : f->expires_at_s,
                                  .scopes = (const char *const *)f->scopes,
                                  .scope_count = f->scope_count};
}

static void on_inspected(void *arg, int rc, const struct token_info *info, const struct err *e)
{
    struct oauth_flow *f = arg;
    struct err why;

    if (rc == 0 && !info->valid) {
        rc = err_set(&why, ERR_NEEDS_REAUTH, "Meta says of the new token: %s", info->reason);
        e = &why;
    } else if (rc == 0 && !info->reads_ads) {
        rc =
            err_set(&why, ERR_NO_ACCESS,
                    "the permission ads_read was not given: without it no numbers can be read; connect again and leave "
                    "it ticked");
        e = &why;
    }
    if (rc == 0)
        keep_scopes(f, info);
    if (rc == 0 && (rc = fernet_seal(f->call->api->keys, f->token, &f->sealed, &why)) != 0)
        e = &why;
    flow_step(f, rc, e);
}

static void on_stored(void *arg, int rc, const char *id, const struct err *e)
{
    struct oauth_flow *f = arg;

    if (rc == 0)
        (void)str_copy(f->token_id, sizeof f->token_id, id);
    flow_step(f, rc, e);
}

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text != NULL ? text : "";
}

static void on_found(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct oauth_flow *f = arg;
    struct err missing;

    if (rc == 0 && count == 0) {
        rc = err_set(&missing, ERR_NOT_FOUND, "the connection that this login was for is gone");
        e = &missing;
    }
    if (rc == 0) {
        json_t *row = json_text_read(rows[0], strlen(rows[0]), 0, NULL);
        (void)str_copy(f->account, sizeof f->account, text_of(row, "external_account_id"));
        (void)str_copy(f->token_id, sizeof f->token_id, text_of(row, "token_id"));
        f->request.sync = strcmp(text_of(row, "status"), "paused") != 0;
        json_decref(row);
    }
    flow_step(f, rc, e);
}

static void on_reconnected(void *arg, int rc, const char *run, const struct err *e)
{
    struct oauth_flow *f = arg;

    if (rc == 0)
        (void)str_copy(f->run, sizeof f->run, run);
    flow_step(f, rc, e);
}

/* --- starting what a state awaits --- */

static void start_reconnecting(struct oauth_flow *f)
{
    const bool sync = f->request.sync;

    f->request = (struct reconnect_request){.db = f->call->db,
                                            .queue = f->call->api->service->queue,
                                            .workspace_id = f->call->ws,
                                            .connection_id = f->login.connection,
                                            .account = f->account,
                                            .provider = f->provider,
                                            .token = f->token,
                                            .token_enc = f->sealed,
                                            .replaces = f->token_id[0] != '\0' ? f->token_id : NULL,
                                            .said = &f->said,
                                            .sync = sync};
    reconnect(&f->call->api->remote, &f->request, on_reconnected, f);
}

/* The only place that changes the state: starts the one operation that `next` awaits. */
static void flow_wait(struct oauth_flow *f, enum flow_state next)
{
    struct api *a = f->call->api;

    f->state = next;
    switch (next) {
    case USING:
        oauth_state_use(f->call->db, a->service->settings->jwt_secret, f->login.id, on_used, f);
        break;
    case EXCHANGING:
        token_from_code(&a->remote, f->provider, call_param(f->call, "code"), f->redirect_uri, on_granted, f);
        break;
    case EXTENDING:
        token_extend(&a->remote, f->provider, f->token, on_granted, f);
        break;
    case INSPECTING:
        token_inspect(&a->remote, f->provider, f->token, on_inspected, f);
        break;
    case STORING:
        token_add(f->call->db, f->call->ws, f->provider->name, f->sealed, &f->said, on_stored, f);
        break;
    case FINDING:
        listing_read(f->call->db, LIST_CONNECTION, f->login.connection, on_found, f);
        break;
    case RECONNECTING:
        start_reconnecting(f);
        break;
    }
}

/* --- how it ends --- */

static void refuse(struct oauth_flow *f, const struct err *e)
{
    struct err code;

    /* A code that was used or has become too old came from the browser: no bug of ours. */
    if (f->state == EXCHANGING && e->rc == ERR_BAD_REQUEST) {
        (void)err_set(&code, ERR_INPUT, "%s; begin it again", e->text);
        e = &code;
    }
    oauth_refuse(f->call, answer_status(e->rc), e);
    flow_free(f);
}

/* On to the choice of accounts. */
static void end_stored(struct oauth_flow *f)
{
    struct call *c = f->call;
    char *page;

    if (oauth_wants_page(c)) {
        page = str_printf("/auth/meta/choose?workspace_id=%s&token_id=%s", c->ws, f->token_id);
        http_reply_header(c->x, "Location", page);
        answer_nothing(c, 303);
    } else {
        page = str_printf("/workspaces/%s/tokens/%s/accounts", c->ws, f->token_id);
        answer_object(c, 200,
                      json_pack("{s:s, s:s, s:s}", "workspace_id", c->ws, "token_id", f->token_id, "accounts", page));
    }
    free(page);
    flow_free(f);
}

static void end_reconnected(struct oauth_flow *f)
{
    struct call *c = f->call;
    struct err words;

    if (oauth_wants_page(c)) {
        (void)err_set(&words, 0, "%s has a token again; %s.", f->account,
                      f->run[0] != '\0' ? "a sync was requested" : "it is paused, so no sync was requested");
        answer_words(c, 200, "Connected again", &words);
    } else {
        answer_object(c, 200,
                      json_pack("{s:s, s:s, s:s?}", "workspace_id", c->ws, "connection_id", f->login.connection,
                                "run_id", f->run[0] != '\0' ? f->run : NULL));
    }
    flow_free(f);
}

/* What the person or the provider said instead of a code. The provider's words came through the browser: they are not
 * repeated. */
static bool was_declined(struct oauth_flow *f)
{
    const char *error = call_param(f->call, "error"), *reason = call_param(f->call, "error_reason");
    struct err e;

    if (error == NULL && call_param(f->call, "code") != NULL)
        return false;
    if (error != NULL && (strcmp(error, "access_denied") == 0 || (reason && strcmp(reason, "user_denied") == 0))) {
        (void)err_set(&e, ERR_CANCELED, "the login was cancelled at Meta; nothing was stored");
        oauth_refuse(f->call, 403, &e);
    } else {
        (void)err_set(&e, ERR_ANSWER, "Meta sent no code for this login; nothing was stored");
        oauth_refuse(f->call, 502, &e);
    }
    flow_free(f);
    return true;
}

/* Top to bottom: rc is how that ended what the state awaited. */
static void flow_step(struct oauth_flow *f, int rc, const struct err *e)
{
    if (rc != 0) {
        refuse(f, e);
        return;
    }
    switch (f->state) {
    case USING:
        if (!was_declined(f))
            flow_wait(f, EXCHANGING);
        return;
    case EXCHANGING:
        flow_wait(f, EXTENDING);
        return;
    case EXTENDING:
        flow_wait(f, INSPECTING);
        return;
    case INSPECTING:
        flow_wait(f, f->login.connection[0] != '\0' ? FINDING : STORING);
        return;
    case FINDING:
        flow_wait(f, RECONNECTING);
        return;
    case STORING:
        end_stored(f);
        return;
    case RECONNECTING:
        end_reconnected(f);
        return;
    }
}

/* Anybody may come here: what the state says was checked when it was given, and it is good for the browser that got it.
 */
void oauth_callback(struct call *c)
{
    char session[OAUTH_SESSION_TEXT];
    const bool known = oauth_session(c, session);
    struct oauth_flow *f = mem_new(1, sizeof *f);
    struct err e;

    f->call = c;
    f->provider = provider_find("meta");
    if (oauth_state_read(c->api->service->settings->jwt_secret, call_param(c, "state"), known ? session : NULL,
                         clk_wall_ms() / 1000, &f->login, &e) != 0) {
        refuse(f, &e);
        return;
    }
    (void)str_copy(c->ws, sizeof c->ws, f->login.workspace);
    c->db = workspace_view(c->api->walled, c->ws, false);
    f->redirect_uri = oauth_redirect_uri(c->api);
    flow_wait(f, USING);
}
