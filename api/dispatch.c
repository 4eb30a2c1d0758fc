#include "api/dispatch.h"
#include "api/answer.h"
#include "api/callers.h"
#include "api/exact.h"
#include "api/params.h"
#include "api/schemas.h"
#include "api/walls.h"
#include "common/base/clk.h"
#include "common/base/json_tree.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of a body; ten thousand facts with all their measures take 40 MiB. */
enum { BODY_DEPTH_MAX = 16, BODY_TREE_BYTES_MAX = 128 << 20 };

/* Each step returns 0 to go on; else the call is answered. */
typedef int (*step)(struct call *c);

static int refuse(struct call *c, const struct err *e)
{
    answer_err(c, e);
    return e->rc;
}

/* What the client calls its request, when that is fit for a log. */
static void name_request(struct call *c)
{
    const char *given = http_header(c->x, "X-Request-Id");
    static const char fit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    if (given != NULL && *given != '\0' && strlen(given) <= 64 && given[strspn(given, fit)] == '\0')
        (void)str_copy(c->request_id, sizeof c->request_id, given);
    else
        uuid_make(c->request_id);
}

static int find_route(struct call *c)
{
    size_t count;
    const struct route *all = routes_all(&count);
    const struct match m = route_match(all, count, http_method(c->x), http_path(c->x));
    struct buf allow;
    struct err e;

    if (m.route != NULL) {
        c->route = m.route;
        (void)str_copy(c->ws, sizeof c->ws, m.ws);
        (void)str_copy(c->id, sizeof c->id, m.id);
        return 0;
    }
    if (!m.other_method) {
        (void)err_set(&e, ERR_NOT_FOUND, "nothing is served at this path; see /openapi.json");
        return refuse(c, &e);
    }
    buf_init(&allow, 256);
    route_allow(all, count, http_path(c->x), &allow);
    http_reply_header(c->x, "Allow", buf_str(&allow));
    (void)err_set(&e, ERR_METHOD, "this path knows %s", buf_str(&allow));
    buf_free(&allow);
    return refuse(c, &e);
}

static int find_caller(struct call *c)
{
    const struct settings *s = c->api->service->settings;
    const bool changes = strcmp(c->route->method, "GET") != 0, open = c->route->scope == SCOPE_OPEN;
    struct err e;

    if (!open && caller_identify(s->jwt_secret, http_header(c->x, "Authorization"), http_header(c->x, "Cookie"),
                                 clk_wall_ms() / 1000, &c->caller, &e) != 0)
        return refuse(c, &e);
    if (changes && (open ? http_header(c->x, "Cookie") != NULL : c->caller.by_cookie) &&
        caller_same_site(http_header(c->x, "Origin"), http_header(c->x, "Sec-Fetch-Site"), s->public_url, &e) != 0)
        return refuse(c, &e);
    return 0;
}

static int check_rate(struct call *c)
{
    char seconds[16], peer[64];
    const char *who = c->caller.sub;

    if (*who == '\0') { /* one who is not known may not use up what the others have */
        http_peer(c->x, peer);
        who = peer;
    }
    const int wait = callers_take(c->api->callers, who, clk_mono_ms());
    struct err e;

    if (wait == 0)
        return 0;
    (void)snprintf(seconds, sizeof seconds, "%d", wait);
    http_reply_header(c->x, "Retry-After", seconds);
    (void)err_set(&e, ERR_BUSY, "more than %d requests a second; ask again in %d s", CALLER_PER_SECOND, wait);
    return refuse(c, &e);
}

static int check_role(struct call *c)
{
    const enum scope scope = c->route->scope;
    struct err e;

    if (scope == SCOPE_CHANGE && c->caller.role == ROLE_VIEWER)
        (void)err_set(&e, ERR_FORBIDDEN, "the role viewer reads only; this takes admin");
    else if (scope == SCOPE_SERVICE && c->caller.role != ROLE_SERVICE)
        (void)err_set(&e, ERR_FORBIDDEN, "this takes the role service");
    else if (scope == SCOPE_OPERATOR && (c->caller.role != ROLE_OPERATOR || !c->caller.everywhere))
        (void)err_set(&e, ERR_FORBIDDEN, "this takes the role operator, with workspaces \"*\"");
    else
        return 0;
    return refuse(c, &e);
}

static void check_param(void *arg, const char *name, const char *value)
{
    void **two = arg;
    const struct route *route = ((struct call *)two[0])->route;
    if (route->any_params && !param_is_known(route->params, name))
        return;
    if (value != http_query(((struct call *)two[0])->x, name))
        field_error(two[1], name, NULL, "is given more than once");
    else
        param_check(route->params, name, value, two[1]);
}

static int check_query(struct call *c)
{
    struct field_errors errors = {NULL};
    void *two[] = {c, &errors};

    http_each_query(c->x, check_param, two);
    for (const struct param *p = c->route->params; p != NULL && p->name != NULL; p++)
        if (p->required && http_query(c->x, p->name) == NULL)
            field_error(&errors, p->name, NULL, "is required");
    if (errors.list == NULL)
        return 0;
    answer_fields(c, 422, &errors);
    return ERR_INPUT;
}

/* One that is not the caller's and one that does not exist are the same to it. */
static int enter_workspace(struct call *c)
{
    const char *asked = param_is_known(c->route->params, "workspace_id") ? http_query(c->x, "workspace_id") : NULL;
    struct err e;

    if (c->ws[0] == '\0' && asked != NULL)
        (void)str_copy(c->ws, sizeof c->ws, asked);
    if (c->ws[0] == '\0')
        return 0;
    if (c->route->scope != SCOPE_OPEN && !caller_may_enter(&c->caller, c->ws)) {
        (void)err_set(&e, ERR_NOT_FOUND, "there is no such workspace");
        return refuse(c, &e);
    }
    c->db = workspace_view(c->api->walled, c->ws, c->route->scope == SCOPE_READ);
    return 0;
}

static int check_tree(struct call *c, const char *text, size_t len)
{
    struct err e;

    switch (json_tree_check(text, len, BODY_DEPTH_MAX, BODY_TREE_BYTES_MAX)) {
    case JSON_TREE_DEEP:
        (void)err_set(&e, ERR_LIMIT, "the body is nested more than %d deep", BODY_DEPTH_MAX);
        break;
    case JSON_TREE_LARGE:
        (void)err_set(&e, ERR_LIMIT, "the values of the body need more than %d bytes", BODY_TREE_BYTES_MAX);
        break;
    case JSON_TREE_FITS:
        return 0;
    }
    answer_problem(c, 400, &e);
    return e.rc;
}

static int refuse_media(struct call *c, const char *header, const char *why)
{
    struct field_errors errors = {NULL};
    json_t *value = json_string(http_header(c->x, header));

    field_error(&errors, header, value, "%s", why);
    json_decref(value);
    answer_fields(c, 415, &errors);
    return ERR_INPUT;
}

static int check_media(struct call *c)
{
    static const char json[] = "application/json";
    const char *type = http_header(c->x, "Content-Type"), *coding = http_header(c->x, "Content-Encoding");

    if (type != NULL &&
        (strncasecmp(type, json, sizeof json - 1) != 0 || strchr("; \t", type[sizeof json - 1]) == NULL))
        return refuse_media(c, "Content-Type", "must be application/json");
    if (coding != NULL && strcasecmp(coding, "identity") != 0)
        return refuse_media(c, "Content-Encoding", "is none that is read here; send the body as it is");
    return 0;
}

static int read_body(struct call *c)
{
    size_t len = 0;
    const char *text = http_body(c->x, &len);
    struct field_errors errors = {NULL};
    struct err e = {0};

    if (c->route->body == NULL || (len == 0 && c->route->body_optional))
        return 0;
    if (check_media(c) != 0)
        return ERR_INPUT;
    if (check_tree(c, text, len) != 0)
        return ERR_LIMIT;
    if (c->route->body_unread)
        return 0;
    c->body = exact_load(text, len, &e);
    if (c->body == NULL) {
        answer_no_json(c, &e);
        return e.rc;
    }
    schemas_check(c->api->schemas, c->route->body, c->body, &errors);
    if (errors.list == NULL)
        return 0;
    answer_fields(c, 422, &errors);
    return ERR_INPUT;
}

static struct call *call_new(struct api *api, struct http_exchange *x)
{
    struct call *c = mem_new(1, sizeof *c);

    *c = (struct call){.api = api, .x = x, .started_ms = clk_mono_ms()};
    c->api->open_calls++;
    name_request(c);
    return c;
}

void dispatch_refuse(void *api, struct http_exchange *x, int status, const char *why)
{
    struct call *c = call_new(api, x);
    struct err e;

    (void)err_set(&e,
                  status == 413   ? ERR_TOO_LARGE
                  : status == 503 ? ERR_LIMIT
                                  : ERR_INPUT,
                  "%.*s", (int)strcspn(why, "\n"), why);
    answer_problem(c, status, &e);
}

void dispatch(void *api, struct http_exchange *x)
{
    static const step steps[] = {find_route,      find_caller, check_rate, check_query,
                                 enter_workspace, check_role,  read_body};
    struct call *c = call_new(api, x);

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](c) != 0)
            return;
    c->route->handle(c);
}

void call_free(struct call *c)
{
    if (c->free_state != NULL)
        c->free_state(c->state);
    caller_clear(&c->caller);
    json_decref(c->body);
    db_view_free(c->db);
    api_call_ended(c->api);
    free(c);
}

const char *call_param(const struct call *c, const char *name)
{
    return http_query(c->x, name);
}

int64_t call_param_int(const struct call *c, const char *name, int64_t otherwise)
{
    const char *value = call_param(c, name);
    return value == NULL ? otherwise : param_int(value);
}
