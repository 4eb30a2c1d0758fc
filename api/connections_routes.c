#include "api/connections_routes.h"
#include "api/answer.h"
#include "api/connection_check.h"
#include "api/token_check.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/remote/connect.h"
#include "common/store/listing.h"
#include "common/store/page.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void on_page(void *arg, int rc, const char *const *rows, int count, const char *next, const struct err *e)
{
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_items(arg, rows, count, next);
}

void connections_list(struct call *c)
{
    const char *const params[] = {c->ws, call_param(c, "status")};
    page_read(c->db, "page_connections", params, 2, call_param(c, "cursor"),
              (int)call_param_int(c, "limit", PAGE_ROWS_MAX), on_page, c);
}

/* --- POST: accounts of a stored token become connections --- */

struct adding {
    struct call *call;
    struct opened_token *token;
    char (*accounts)[64];
    const char **names; /* the same */
    int count;          /* 0: all */
    struct connect_request request;
    json_t *made;   /* run id, or null, by connection id */
    json_t *order;  /* their ids */
    json_t *errors; /* of accounts that were not connected */
};

static void adding_free(struct adding *f)
{
    opened_token_free(f->token);
    free(f->accounts);
    free(f->names);
    json_decref(f->made);
    json_decref(f->order);
    json_decref(f->errors);
    free(f);
}

static void refuse(struct adding *f, const struct err *e)
{
    answer_err(f->call, e);
    adding_free(f);
}

/* The connections that were made, as they are now. */
static void on_rows(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct adding *f = arg;
    json_t *items = json_array(), *by_id = json_object(), *id;
    size_t i;

    if (rc != 0) {
        json_decref(items);
        json_decref(by_id);
        refuse(f, e);
        return;
    }
    for (int k = 0; k < count; k++) {
        json_t *row = json_text_read(rows[k], strlen(rows[k]), 0, NULL);
        const char *key = json_string_value(json_object_get(row, "id"));
        json_t *run = json_object_get(f->made, key);
        if (run != NULL) {
            (void)json_object_set(row, "run_id", run);
            (void)json_object_set(by_id, key, row);
        }
        json_decref(row);
    }
    json_array_foreach(f->order, i, id)
    {
        json_t *row = json_object_get(by_id, json_string_value(id));
        if (row != NULL)
            (void)json_array_append(items, row);
    }
    json_decref(by_id);
    answer_object(f->call, 201, json_pack("{s:o, s:O}", "items", items, "errors", f->errors));
    adding_free(f);
}

static void on_one(void *arg, const struct connected *one)
{
    struct adding *f = arg;

    if (one->id[0] != '\0') {
        (void)json_object_set_new(f->made, one->id, one->run[0] != '\0' ? json_string(one->run) : json_null());
        (void)json_array_append_new(f->order, json_string(one->id));
    }
    if (one->e.rc != 0)
        (void)json_array_append_new(f->errors, json_pack("{s:s, s:s, s:s}", "external_account_id", one->account, "code",
                                                         err_name(one->e.rc), "message", one->e.text));
}

static void on_connected(void *arg, int rc, const struct err *e)
{
    struct adding *f = arg;

    if (rc != 0)
        refuse(f, e);
    else
        listing_read(f->call->db, LIST_CONNECTIONS, f->call->ws, on_rows, f);
}

/* The accounts as the provider writes them; false: the call is answered. */
static bool read_accounts(struct adding *f)
{
    const json_t *list = json_object_get(f->call->body, "accounts"), *one;
    struct field_errors errors = {NULL};
    char field[32];
    size_t i;

    f->count = (int)json_array_size(list);
    f->accounts = mem_new((size_t)f->count + 1, sizeof *f->accounts);
    f->names = mem_new((size_t)f->count + 1, sizeof *f->names);
    json_array_foreach(list, i, one)
    {
        (void)snprintf(field, sizeof field, "accounts[%zu]", i);
        if (!f->token->provider->account_id(json_string_value(one), f->accounts[i]))
            field_error(&errors, field, one, "is no ad account; accounts look like act_1234567890");
        f->names[i] = f->accounts[i];
    }
    if (errors.list == NULL)
        return true;
    answer_fields(f->call, 422, &errors);
    return false;
}

static void on_token(void *arg, struct opened_token *t, const struct err *e)
{
    struct adding *f = arg;
    const struct call *c = f->call;
    const json_t *sync = json_object_get(c->body, "sync");

    if (t == NULL) {
        refuse(f, e);
        return;
    }
    f->token = t;
    if (!read_accounts(f)) {
        adding_free(f);
        return;
    }
    f->request = (struct connect_request){.db = c->db,
                                          .queue = c->api->service->queue,
                                          .workspace_id = c->ws,
                                          .provider = t->provider,
                                          .token = t->plain,
                                          .token_id = t->id,
                                          .accounts = f->names,
                                          .count = f->count,
                                          .sync = sync == NULL || json_is_true(sync)};
    connect_accounts(&f->call->api->remote, &f->request, on_one, on_connected, f);
}

void connections_add(struct call *c)
{
    const bool all = json_is_true(json_object_get(c->body, "all"));
    const bool named = json_object_get(c->body, "accounts") != NULL;
    struct field_errors errors = {NULL};

    if (all == named) {
        field_error(&errors, "accounts", NULL, "name the ad accounts, or say all: true, one of the two");
        answer_fields(c, 422, &errors);
        return;
    }
    struct adding *f = mem_new(1, sizeof *f);
    *f = (struct adding){.call = c, .made = json_object(), .order = json_array(), .errors = json_array()};
    CHECK(f->made != NULL && f->order != NULL && f->errors != NULL);
    token_check(c, json_string_value(json_object_get(c->body, "token_id")), on_token, f);
}

/* --- DELETE --- */

static void on_removed(void *arg, int rc, const char *id, const struct err *e)
{
    (void)id;
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_nothing(arg, 202);
}

/* It is the workspace's. Staged rows, which go too, are out of the API's own reach. */
static void remove_it(struct call *c, const json_t *connection)
{
    const char *keep = call_param(c, "keep_data");

    (void)connection;
    if (keep != NULL && strcmp(keep, "true") == 0)
        connection_disconnect(c->api->service->db, c->id, on_removed, c);
    else
        connection_hide(c->api->service->db, c->id, on_removed, c);
}

void connections_remove(struct call *c)
{
    connection_check(c, c->id, remove_it);
}
