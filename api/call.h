#pragma once
#include "api/api.h"
#include "api/caller.h"
#include "api/router.h"
#include "common/io/http_server.h"
/* One request on its way through a handler. It ends with one of the functions of answer.h. */
struct call {
    struct api *api;
    struct http_exchange *x;
    const struct route *route;         /* NULL when nothing serves the path */
    char ws[UUID_TEXT], id[UUID_TEXT]; /* of the path, or ?workspace_id=; "" where there is none */
    char request_id[72];
    int64_t started_ms;
    struct caller caller;
    struct db_pool *db;  /* within the walls of ws: every operation is ERR_NOT_FOUND when there is no such workspace */
    struct json_t *body; /* fits route->body; NULL when there is none, or the handler reads it */
    void *state;         /* the handler's own; freed by free_state at the end, when that is set */
    void (*free_state)(void *state);
};
void call_free(struct call *c);                                 /* for answer.c */
const char *call_param(const struct call *c, const char *name); /* a query parameter, checked; NULL when absent */
int64_t call_param_int(const struct call *c, const char *name, int64_t otherwise);
