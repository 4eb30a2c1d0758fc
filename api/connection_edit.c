#include "api/answer.h"
#include "api/answer_row.h"
#include "api/connection_check.h"
#include "api/connections_routes.h"
#include "api/token_check.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/remote/connect.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SETTINGS_MAX = 16 };

/* One PATCH: first the token, which may be refused; then all the rest, at once. */
struct editing {
    struct call *call;
    struct opened_token *token;
    struct reconnect_request request;
    char account[64], provider[16];
    struct connection_change change;
    struct setting_change settings[SETTINGS_MAX];
    char *values[SETTINGS_MAX];
};

static void editing_free(struct editing *f)
{
    opened_token_free(f->token);
    for (int i = 0; i < f->change.setting_count; i++)
        free(f->values[i]);
    free(f);
}

static void refuse(struct editing *f, const struct err *e)
{
    answer_err(f->call, e);
    editing_free(f);
}

static void edit_end(struct editing *f)
{
    answer_row(f->call, f->call->db, 200, LIST_CONNECTION, f->call->id, "connection");
    editing_free(f);
}

/* A scheduler that does not hear of it sees by itself what is due. */
static void on_woken(void *arg, int rc, const struct err *e)
{
    (void)rc, (void)e;
    edit_end(arg);
}

static void on_changed(void *arg, int rc, const char *id, const struct err *e)
{
    struct editing *f = arg;

    (void)id;
    if (rc != 0)
        refuse(f, e);
    else if (f->change.status != NULL && strcmp(f->change.status, "active") == 0)
        queue_wake_scheduler(f->call->api->service->queue, on_woken, f);
    else
        edit_end(f);
}

static void on_reconnected(void *arg, int rc, const char *run, const struct err *e)
{
    struct editing *f = arg;

    (void)run;
    if (rc != 0)
        refuse(f, e);
    else
        connection_change(f->call->db, f->call->id, &f->change, on_changed, f);
}

static void on_token(void *arg, struct opened_token *t, const struct err *e)
{
    struct editing *f = arg;
    struct err other;

    f->token = t;
    if (t != NULL && strcmp(t->provider->name, f->provider) != 0) {
        (void)err_set(&other, ERR_CONFLICT, "the token is one of %s, the connection of %s", t->provider->name,
                      f->provider);
        t = NULL;
        e = &other;
    }
    if (t == NULL) {
        refuse(f, e);
        return;
    }
    f->request.provider = t->provider;
    f->request.token = t->plain;
    f->request.token_id = t->id;
    reconnect(&f->call->api->remote, &f->request, on_reconnected, f);
}

/* A value of a setting as the command line takes it; null removes it. Owned by the caller. */
static char *text_of_value(const json_t *value)
{
    if (json_is_integer(value))
        return str_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_boolean(value))
        return str_dup(json_is_true(value) ? "true" : "false");
    return str_dup(json_is_string(value) ? json_string_value(value) : "");
}

static void read_change(struct editing *f)
{
    json_t *body = f->call->body, *value;
    const char *name;

    f->change.name = json_string_value(json_object_get(body, "name"));
    f->change.status = json_string_value(json_object_get(body, "status"));
    if (f->change.status != NULL && strcmp(f->change.status, "paused") == 0)
        f->change.status_reason = "paused over the API";
    f->change.settings = f->settings;
    json_object_foreach(json_object_get(body, "settings"), name, value)
    {
        const int i = f->change.setting_count++;
        CHECK(i < SETTINGS_MAX);
        f->values[i] = text_of_value(value);
        f->settings[i] = (struct setting_change){.name = name, .value = f->values[i]};
    }
}

static void edit(struct call *c, const json_t *connection)
{
    const char *token = json_string_value(json_object_get(c->body, "token_id"));
    const char *was = json_string_value(json_object_get(connection, "status"));
    struct editing *f = calloc(1, sizeof *f);

    CHECK(f != NULL);
    f->call = c;
    read_change(f);
    if (token == NULL) {
        on_reconnected(f, 0, NULL, NULL);
        return;
    }
    (void)str_copy(f->account, sizeof f->account,
                   json_string_value(json_object_get(connection, "external_account_id")));
    (void)str_copy(f->provider, sizeof f->provider, json_string_value(json_object_get(connection, "provider")));
    const char *status = f->change.status != NULL ? f->change.status : was;
    f->request = (struct reconnect_request){.db = c->db,
                                            .queue = c->api->service->queue,
                                            .workspace_id = c->ws,
                                            .connection_id = c->id,
                                            .account = f->account,
                                            .sync = strcmp(status, "paused") != 0 && strcmp(was, "paused") != 0};
    token_check(c, token, on_token, f);
}

void connections_edit(struct call *c)
{
    connection_check(c, c->id, edit);
}
