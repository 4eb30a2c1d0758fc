#include "api/document_routes.h"
#include "api/route.h"
#include "api/runs_routes.h"
#include "common/store/page.h"

#define PAGING                                                                                                         \
    {"cursor", "next_cursor of the page before", PARAM_TEXT, false, 0, 400, NULL},                                     \
    {                                                                                                                  \
        "limit", "rows of a page", PARAM_INT, false, 1, PAGE_ROWS_MAX, NULL                                            \
    }

static const struct param runs_params[] = {
    {"connection_id", "only of this connection", PARAM_UUID, false, 0, 0, NULL},
    {"status", "only in this state", PARAM_WORD, false, 0, 0, "queued,running,succeeded,partial,failed,cancelled"},
    PAGING,
    {0}};

static const struct route routes[] = {
    {.method = "GET",
     .path = "/openapi.json",
     .scope = SCOPE_OPEN,
     .handle = openapi_show,
     .summary = "this document",
     .status = 200},
    {.method = "GET",
     .path = "/workspaces/{ws}/runs",
     .scope = SCOPE_READ,
     .handle = runs_list,
     .summary = "runs, the newest first",
     .params = runs_params,
     .answer = "RunPage",
     .status = 200},
    {.method = "GET",
     .path = "/workspaces/{ws}/runs/{id}",
     .scope = SCOPE_READ,
     .handle = run_show,
     .summary = "one run with its progress",
     .answer = "Run",
     .status = 200},
};

const struct route *routes_all(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
