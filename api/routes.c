#include "api/document_routes.h"
#include "api/events_routes.h"
#include "api/ingest_routes.h"
#include "api/login_routes.h"
#include "api/ops_routes.h"
#include "api/route.h"
#include "api/runs_routes.h"
#include "api/sync_routes.h"
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

static const struct param coverage_params[] = {{"connection_id", "whose days", PARAM_UUID, true, 0, 0, NULL}, {0}};

static const struct param login_params[] = {{"code", "of the link", PARAM_TEXT, true, 0, 200, NULL}, {0}};

static const struct route routes[] = {
    {.method = "GET",
     .path = "/openapi.json",
     .scope = SCOPE_OPEN,
     .handle = openapi_show,
     .summary = "this document",
     .status = 200},
    {.method = "POST",
     .path = "/workspaces/{ws}/metrics/ingest",
     .scope = SCOPE_CHANGE,
     .handle = ingest,
     .summary = "stores facts of your own, at most 10,000; those that cannot be are told one by one",
     .body = "Facts",
     .answer = "Ingested",
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
    {.method = "GET",
     .path = "/workspaces/{ws}/runs/{id}/chunks",
     .scope = SCOPE_READ,
     .handle = run_chunks,
     .summary = "the jobs of a run",
     .answer = "ChunkPage",
     .status = 200},
    {.method = "POST",
     .path = "/workspaces/{ws}/runs/{id}/cancel",
     .scope = SCOPE_CHANGE,
     .handle = run_end,
     .summary = "ends a run; what it has stored stays",
     .answer = "Run",
     .status = 200},
    {.method = "GET",
     .path = "/workspaces/{ws}/coverage",
     .scope = SCOPE_READ,
     .handle = coverage_list,
     .summary = "what is known of each day of a connection",
     .params = coverage_params,
     .answer = "DayPage",
     .status = 200},
    {.method = "GET",
     .path = "/workspaces/{ws}/events",
     .scope = SCOPE_READ,
     .handle = events_stream,
     .summary = "server-sent events: the present state of open runs and connections, then their changes",
     .status = 200},
    {.method = "POST",
     .path = "/workspaces/{ws}/connections/{id}/sync-entities",
     .scope = SCOPE_CHANGE,
     .handle = sync_entities,
     .summary = "reads campaigns, ad sets and ads again; waits for it up to 25 s (Prefer: wait=N, respond-async)",
     .body = "SyncEntities",
     .body_optional = true,
     .answer = "SyncedEntities",
     .status = 200},
    {.method = "POST",
     .path = "/workspaces/{ws}/connections/{id}/sync-metrics",
     .scope = SCOPE_CHANGE,
     .handle = sync_metrics,
     .summary = "reads the numbers of a range of days; waits for it up to 25 s (Prefer: wait=N, respond-async)",
     .body = "SyncMetrics",
     .body_optional = true,
     .answer = "SyncedMetrics",
     .status = 200},
    {.method = "POST",
     .path = "/workspaces/{ws}/connections/{id}/forecast",
     .scope = SCOPE_READ,
     .handle = sync_forecast,
     .summary = "what sync-metrics would take now, without doing it",
     .body = "SyncMetrics",
     .body_optional = true,
     .answer = "Forecast",
     .status = 200},
    {.method = "GET",
     .path = "/auth/login",
     .scope = SCOPE_OPEN,
     .handle = login,
     .summary = "signs a browser in with a link of metricx login",
     .params = login_params,
     .status = 303},
    {.method = "POST",
     .path = "/auth/logout",
     .scope = SCOPE_OPEN,
     .handle = logout,
     .summary = "signs a browser out",
     .status = 204},
    {.method = "GET",
     .path = "/ops/status",
     .scope = SCOPE_OPERATOR,
     .handle = ops_status,
     .summary = "how the whole installation stands",
     .answer = "Status",
     .status = 200},
    {.method = "GET",
     .path = "/ops/dead",
     .scope = SCOPE_OPERATOR,
     .handle = ops_dead_list,
     .summary = "the dead letters: jobs that were given up, and why",
     .answer = "ChunkPage",
     .status = 200},
    {.method = "POST",
     .path = "/ops/dead/{id}/retry",
     .scope = SCOPE_OPERATOR,
     .handle = ops_dead_retry,
     .summary = "puts a dead letter back to work",
     .answer = "Retried",
     .status = 200},
    {.method = "DELETE",
     .path = "/ops/dead/{id}",
     .scope = SCOPE_OPERATOR,
     .handle = ops_dead_drop,
     .summary = "forgets a dead letter",
     .status = 204},
};

const struct route *routes_all(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
