#pragma once
#include "common/base/date.h"
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/io/db.h"
#include <stdbool.h>
#include <stdint.h>
/* Runs: asked for by people, programs and the clock; planned into chunks by the scheduler; cancelled. */

struct run_request {
    const char *id; /* NULL: made here; the same id twice is one run */
    const char *connection_id;
    const char *kind;        /* entities, metrics, full */
    const char *trigger;     /* manual, nightly, intraday, connect, external */
    date_t from, to;         /* DATE_NONE both: the default range */
    const char *granularity; /* day, hour */
    bool force, interactive;
    int64_t due_at_ms; /* of a scheduled run; 0 = none */
};
struct run_answer {
    char id[UUID_TEXT];
    bool existed; /* an equal open run (or the same id) was there: it is answered */
};
/* Of a connection, beside those that are due. Somebody who asks for thousands of ranges would fill the tables, and
 * stand in the way of everybody's planning. */
#define RUNS_OPEN_MAX 100
/* Checks the connection and the range (account's zone, provider's history): ERR_INPUT, ERR_NOT_FOUND (unknown
 * connection), ERR_CONFLICT (not active: says status and reason), ERR_LIMIT (RUNS_OPEN_MAX). */
void run_create(struct db_pool *p, const struct run_request *r,
                void (*done)(void *arg, int rc, const struct run_answer *a, const struct err *e), void *arg);

/* Ends a queued or running run and its open chunks as cancelled. ids are the chunks that were open, for queue_remove.
 * ERR_NOT_FOUND; ERR_CONFLICT when it has ended already. */
void run_cancel(struct db_pool *p, const char *id,
                void (*done)(void *arg, int rc, const char *const *chunk_ids, int count, const struct err *e),
                void *arg);
