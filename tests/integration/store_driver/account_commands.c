#include "common/base/check.h"
#include "common/base/fernet.h"
#include "common/store/account.h"
#include "common/store/listing.h"
#include "tests/integration/store_driver/driver.h"
#include <string.h>

static void on_account(void *arg, int rc, const char *id, const struct err *e)
{
    CHECK((id != NULL) == (rc == 0));
    if (id != NULL)
        set_text(arg, "id", id);
    reply_end(arg, rc, e);
}

static void on_access(void *arg, int rc, const struct connection_access *a, const struct err *e)
{
    if (rc == 0) {
        set_text(arg, "account", a->account);
        set_text(arg, "status", a->status);
        set_text(arg, "token_id", a->token_id);
        set_text(arg, "token_enc", a->token_enc);
    }
    reply_end(arg, rc, e);
}

static void on_token(void *arg, int rc, const struct token_row *t, const struct err *e)
{
    if (rc == 0) {
        set_text(arg, "workspace_id", t->workspace_id);
        set_text(arg, "token_enc", t->token_enc);
    }
    reply_end(arg, rc, e);
}

static void on_removed(void *arg, int rc, bool more, const struct err *e)
{
    set_int(arg, "more", more);
    reply_end(arg, rc, e);
}

static void on_rotated(void *arg, int rc, int64_t changed, const struct err *e)
{
    set_int(arg, "changed", changed);
    reply_end(arg, rc, e);
}

static void on_rows(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct driver *d = arg;
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        CHECK(json_array_append_new(list, json_loads(rows[i], 0, NULL)) == 0);
    CHECK(json_object_set_new(d->reply, "rows", list) == 0);
    reply_end(d, rc, e);
}

static void create_connection(struct driver *d, const json_t *o)
{
    const struct connection_row c = {.workspace_id = text_of(o, "workspace"),
                                     .provider = "meta",
                                     .account = text_of(o, "account"),
                                     .name = text_of(o, "name"),
                                     .currency = text_of(o, "currency"),
                                     .timezone = text_of(o, "timezone"),
                                     .token_id = text_of(o, "token"),
                                     .token_source = text_of(o, "token") == NULL ? "env" : "stored"};
    connection_create(d->db, &c, on_account, d);
}

static bool start_connection(struct driver *d, const char *name, const json_t *o)
{
    const char *id = text_of(o, "id");
    if (strcmp(name, "connection_create") == 0)
        create_connection(d, o);
    else if (strcmp(name, "connection_status") == 0)
        connection_set_status(d->db, id, text_of(o, "status"), text_of(o, "reason"), on_account, d);
    else if (strcmp(name, "connection_token") == 0)
        connection_set_token(d->db, id, text_of(o, "token"), on_account, d);
    else if (strcmp(name, "connection_set") == 0)
        connection_set(d->db, id, text_of(o, "name"), text_of(o, "value"), on_account, d);
    else if (strcmp(name, "connection_delete") == 0)
        connection_delete(d->db, id, on_account, d);
    else if (strcmp(name, "connection_disconnect") == 0)
        connection_disconnect(d->db, id, on_account, d);
    else if (strcmp(name, "connection_hide") == 0)
        connection_hide(d->db, id, on_account, d);
    else if (strcmp(name, "access") == 0)
        connection_access_load(d->db, id, on_access, d);
    else
        return false;
    return true;
}

static bool start(struct driver *d, const char *name, const json_t *o)
{
    const char *id = text_of(o, "id");
    if (strcmp(name, "workspace_create") == 0)
        workspace_create(d->db, text_of(o, "name"), id, on_account, d);
    else if (strcmp(name, "workspace_rename") == 0)
        workspace_rename(d->db, id, text_of(o, "name"), on_account, d);
    else if (strcmp(name, "workspace_delete") == 0)
        workspace_delete(d->db, id, on_account, d);
    else if (strcmp(name, "workspace_hide") == 0)
        workspace_hide(d->db, id, on_account, d);
    else if (strcmp(name, "hidden_remove") == 0)
        hidden_remove(d->db, on_removed, d);
    else if (strcmp(name, "token_add") == 0)
        token_add(d->db, text_of(o, "workspace"), "meta", text_of(o, "token_enc"), NULL, on_account, d);
    else if (strcmp(name, "token_set") == 0)
        token_set(d->db, id, text_of(o, "token_enc"), NULL, on_account, d);
    else if (strcmp(name, "token_load") == 0)
        token_load(d->db, id, on_token, d);
    else if (strcmp(name, "listing") == 0)
        listing_read(d->db, (enum listing)int_of(o, "what", 0), text_of(o, "param"), on_rows, d);
    else
        return start_connection(d, name, o);
    return true;
}

bool account_command(struct driver *d, const char *name, const json_t *o)
{
    struct fernet *fernet = NULL;
    if (strcmp(name, "token_rotate") == 0) {
        CHECK(fernet_new(text_of(o, "keys"), &fernet, NULL) == 0);
        token_rotate(d->db, fernet, flag_of(o, "check_only"), on_rotated, d);
    } else if (!start(d, name, o)) {
        return false;
    }
    wait_done(d);
    if (fernet != NULL)
        fernet_free(fernet);
    return true;
}
