#include "common/base/check.h"
#include "common/base/str.h"
#include "common/remote/account_call.h"
#include "common/remote/connect.h"
#include "common/store/listing.h"
#include <stdlib.h>
#include <string.h>

struct choosing {
    struct remote *remote;
    const struct provider *provider;
    const struct secret *token;
    json_t *connected; /* id of the connection by account */
    json_t *list;
    void (*done)(void *arg, int rc, json_t *list, const struct err *e);
    void *arg;
};

static void choosing_end(struct choosing *f, int rc, const struct err *e)
{
    if (rc != 0)
        json_decref(f->list);
    f->done(f->arg, rc, rc == 0 ? f->list : NULL, e);
    json_decref(f->connected);
    free(f);
}

static void on_account(void *arg, const struct account_info *info)
{
    const struct choosing *f = arg;
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:b, s:O?}", "external_account_id", info->account, "name", info->name,
                            "currency", info->currency, "timezone", info->timezone, "closed", info->closed,
                            "connection_id", json_object_get(f->connected, info->account));
    CHECK(row != NULL && json_array_append_new(f->list, row) == 0);
}

static void on_accounts(void *arg, int rc, const struct err *e)
{
    choosing_end(arg, rc, e);
}

static const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));
    return text != NULL ? text : "";
}

static void on_connections(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct choosing *f = arg;

    if (rc != 0) {
        choosing_end(f, rc, e);
        return;
    }
    for (int i = 0; i < count; i++) {
        json_t *row = json_loads(rows[i], 0, NULL);
        CHECK(row != NULL);
        if (strcmp(text_of(row, "provider"), f->provider->name) == 0)
            (void)json_object_set(f->connected, text_of(row, "external_account_id"), json_object_get(row, "id"));
        json_decref(row);
    }
    account_list(f->remote, f->provider, f->token, on_account, on_accounts, f);
}

void connectable_accounts(struct remote *r, struct db_pool *db, const char *workspace_id,
                          const struct provider *provider, const struct secret *token,
                          void (*done)(void *arg, int rc, json_t *list, const struct err *e), void *arg)
{
    struct choosing *f = calloc(1, sizeof *f);

    CHECK(f != NULL);
    *f = (struct choosing){.remote = r,
                           .provider = provider,
                           .token = token,
                           .connected = json_object(),
                           .list = json_array(),
                           .done = done,
                           .arg = arg};
    CHECK(f->connected != NULL && f->list != NULL);
    listing_read(db, LIST_CONNECTIONS, workspace_id, on_connections, f);
}
