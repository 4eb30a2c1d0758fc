#include "api/workspaces_routes.h"
#include "api/answer.h"
#include "api/answer_row.h"
#include "common/base/str.h"
#include "common/store/account.h"
#include "common/store/page.h"
#include <jansson.h>
#include <stdlib.h>

enum { ARRAY_BYTES_MAX = 1 << 20 };

static const char *body_text(const struct call *c, const char *name)
{
    return json_string_value(json_object_get(c->body, name));
}

static void on_page(void *arg, int rc, const char *const *rows, int count, const char *next, const struct err *e)
{
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_items(arg, rows, count, next);
}

/* Those that the caller's token names, as a PostgreSQL array. */
static void add_seen(const struct caller *caller, struct buf *out)
{
    size_t i;
    json_t *id;

    buf_add_char(out, '{');
    json_array_foreach(caller->workspaces, i, id)
    {
        if (!uuid_valid(json_string_value(id)))
            continue;
        if (out->len > 1)
            buf_add_char(out, ',');
        buf_add_str(out, json_string_value(id));
    }
    buf_add_char(out, '}');
}

void workspaces_list(struct call *c)
{
    struct buf seen;
    const char *param = NULL;

    buf_init(&seen, ARRAY_BYTES_MAX);
    if (!c->caller.everywhere) {
        add_seen(&c->caller, &seen);
        param = buf_str(&seen);
    }
    page_read(c->api->service->db, "page_workspaces", &param, 1, call_param(c, "cursor"),
              (int)call_param_int(c, "limit", PAGE_ROWS_MAX), on_page, c);
    buf_free(&seen);
}

static void on_added(void *arg, int rc, const char *id, const struct err *e)
{
    struct call *c = arg;
    struct err leaving;

    if (rc == ERR_NOT_FOUND) {
        (void)err_set(&leaving, ERR_CONFLICT, "the workspace with this id is being deleted");
        answer_err(c, &leaving);
    } else if (rc != 0) {
        answer_err(c, e);
    } else {
        answer_row(c, c->api->service->db, 201, LIST_WORKSPACE, id, "workspace");
    }
}

static void on_looked_up(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct call *c = arg;

    if (rc != 0)
        answer_err(c, e);
    else if (count > 0)
        answer_json(c, 200, rows[0]);
    else
        workspace_create(c->api->service->db, body_text(c, "name"), body_text(c, "id"), on_added, c);
}

void workspace_add(struct call *c)
{
    const char *id = body_text(c, "id");
    struct err e;

    if (id == NULL) {
        workspace_create(c->api->service->db, body_text(c, "name"), NULL, on_added, c);
    } else if (!caller_may_enter(&c->caller, id)) {
        (void)err_set(&e, ERR_NOT_FOUND, "there is no such workspace");
        answer_err(c, &e);
    } else {
        listing_read(c->api->service->db, LIST_WORKSPACE, id, on_looked_up, c);
    }
}

static void on_renamed(void *arg, int rc, const char *id, const struct err *e)
{
    struct call *c = arg;

    if (rc != 0)
        answer_err(c, e);
    else
        answer_row(c, c->db, 200, LIST_WORKSPACE, id, "workspace");
}

void workspace_edit(struct call *c)
{
    workspace_rename(c->db, c->ws, body_text(c, "name"), on_renamed, c);
}

static void on_hidden(void *arg, int rc, const char *id, const struct err *e)
{
    (void)id;
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_nothing(arg, 202);
}

/* Staged rows, which go too, are out of the API's own reach. */
static void on_found(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct call *c = arg;

    (void)rows, (void)count;
    if (rc != 0)
        answer_err(c, e);
    else
        workspace_hide(c->api->service->db, c->ws, on_hidden, c);
}

void workspace_remove(struct call *c)
{
    listing_read(c->db, LIST_WORKSPACE, c->ws, on_found, c);
}
