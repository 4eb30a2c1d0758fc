#pragma once
#include "common/base/buf.h"
#include "common/store/chunk.h"
#include <stdint.h>
/* What the :run:<id> hash and the :events channel say about a run (contract, section 5). */
#define RUN_FIELDS_MAX 28

struct run_news {
    const char *run_id, *workspace_id, *connection_id;
    const char *kind;   /* of the run; NULL leaves it as it is */
    const char *status; /* queued, running, succeeded, partial, failed, cancelled */
    int64_t chunks_total, chunks_done, rows, calls;
    const char *error_code, *error; /* NULL when there is none */
};

struct run_fields {
    const char *list[RUN_FIELDS_MAX + 1]; /* name, value, …, NULL; points into numbers and the news */
    char numbers[5][24];
};
/* Borrows the news' texts. */
void run_fields_fill(struct run_fields *f, const struct run_news *n);
/* One JSON object; its type is run.started, run.progress or run.<status>, as the status says. */
void run_event_write(struct buf *out, const struct run_news *n, bool started);
