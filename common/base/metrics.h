#pragma once
#include "common/base/buf.h"
#include <stdint.h>
/* Every metric of every program, from one table; loop thread only. docs/metrics.md is generated from it. */
enum metric_type { METRIC_COUNTER, METRIC_GAUGE };
/* id, Prometheus name, type, help */
#define METRIC_TABLE(X)                                                                                                \
    X(M_JOBS_CLAIMED, "metricx_jobs_claimed_total", METRIC_COUNTER, "Jobs taken from the queue")                       \
    X(M_JOBS_DONE, "metricx_jobs_done_total", METRIC_COUNTER, "Jobs finished with their data committed")               \
    X(M_JOBS_RETRIED, "metricx_jobs_retried_total", METRIC_COUNTER, "Jobs put back to be tried again later")           \
    X(M_JOBS_YIELDED, "metricx_jobs_yielded_total", METRIC_COUNTER, "Jobs handed back because no call was allowed")    \
    X(M_JOBS_DEAD, "metricx_jobs_dead_total", METRIC_COUNTER, "Jobs given up")                                         \
    X(M_JOBS_FENCED, "metricx_jobs_fenced_total", METRIC_COUNTER,                                                      \
      "Jobs that somebody else owned by then; nothing written")                                                        \
    X(M_JOBS_IN_FLIGHT, "metricx_jobs_in_flight", METRIC_GAUGE, "Jobs being worked on now")                            \
    X(M_CALLS, "metricx_provider_calls_total", METRIC_COUNTER, "Calls sent to the provider")                           \
    X(M_CALL_ERRORS, "metricx_provider_call_errors_total", METRIC_COUNTER, "Calls that failed or were refused")        \
    X(M_CALLS_UPGRADED, "metricx_provider_calls_upgraded_total", METRIC_COUNTER,                                       \
      "Calls answered in another version of the provider's API than META_API_VERSION")                                 \
    X(M_CALL_BYTES, "metricx_provider_bytes_total", METRIC_COUNTER, "Bytes of provider answers, unpacked")             \
    X(M_SLICES_DIFFERED, "metricx_slices_differed_total", METRIC_COUNTER,                                              \
      "Slices that did not add up to the account's own totals when they were compared")                                \
    X(M_ROWS_STAGED, "metricx_rows_staged_total", METRIC_COUNTER, "Rows read and staged")                              \
    X(M_ROWS_INSERTED, "metricx_rows_inserted_total", METRIC_COUNTER, "Rows new in the tables")                        \
    X(M_ROWS_UPDATED, "metricx_rows_updated_total", METRIC_COUNTER, "Rows that changed")                               \
    X(M_ROWS_REMOVED, "metricx_rows_removed_total", METRIC_COUNTER, "Rows that the provider no longer reports")        \
    X(M_TICKS, "metricx_scheduler_ticks_total", METRIC_COUNTER, "Planning ticks taken by this scheduler")              \
    X(M_RUNS_PLANNED, "metricx_runs_planned_total", METRIC_COUNTER, "Runs split into chunk jobs")                      \
    X(M_JOBS_ENQUEUED, "metricx_jobs_enqueued_total", METRIC_COUNTER, "Jobs put into the queue")                       \
    X(M_JOBS_REAPED, "metricx_jobs_reaped_total", METRIC_COUNTER, "Jobs taken back from silent workers")               \
    X(M_REQUESTS_REJECTED, "metricx_requests_rejected_total", METRIC_COUNTER,                                          \
      "Requests from outside that could not be obeyed")                                                                \
    X(M_DB_BUSY, "metricx_db_connections_busy", METRIC_GAUGE, "PostgreSQL connections in use")                         \
    X(M_DB_WAITING, "metricx_db_waiting", METRIC_GAUGE, "Statements waiting for a PostgreSQL connection")              \
    X(M_REDIS_RECONNECTS, "metricx_redis_reconnects_total", METRIC_COUNTER, "Connections to Redis made anew")          \
    X(M_API_REQUESTS, "metricx_api_requests_total", METRIC_COUNTER, "HTTP requests answered by the API")               \
    X(M_API_SERVED, "metricx_api_requests_served_total", METRIC_COUNTER, "Of these, answered with what was asked for") \
    X(M_API_REFUSED, "metricx_api_requests_refused_total", METRIC_COUNTER,                                             \
      "Of these, refused as the caller's mistake (4xx)")                                                               \
    X(M_API_FAILED, "metricx_api_requests_failed_total", METRIC_COUNTER, "Of these, failed on our side (5xx)")         \
    X(M_LOG_DROPPED, "metricx_log_lines_dropped_total", METRIC_COUNTER,                                                \
      "Log lines lost: nobody read them, or the disk was full")                                                        \
    X(M_MEMORY_REFUSED, "metricx_memory_refused_total", METRIC_COUNTER, "Times that the system refused memory")
enum metric {
#define X(id, name, type, help) id,
    METRIC_TABLE(X)
#undef X
        METRIC_COUNT
};
void metric_add(enum metric m, int64_t by);
void metric_set(enum metric m, int64_t value);
int64_t metric_get(enum metric m);
void metrics_write(struct buf *out); /* Prometheus text exposition 0.0.4 */
