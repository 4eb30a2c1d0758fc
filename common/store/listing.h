#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
/* Reads for people and programs: every row a JSON object with the names of its table's columns (contract, sections 4
 * and 8), never a token. The command line and the API answer with these same objects. */
enum listing {
    LIST_WORKSPACES,     /* – */
    LIST_WORKSPACE,      /* workspace */
    LIST_TOKENS,         /* workspace or NULL */
    LIST_TOKEN,          /* token */
    LIST_CONNECTIONS,    /* workspace or NULL */
    LIST_CONNECTION,     /* connection */
    LIST_RUNS,           /* connection or NULL; newest 100 */
    LIST_RUN,            /* run; with `progress`: rows and calls of pages not merged yet counted in */
    LIST_RUN_CHUNKS,     /* run */
    LIST_DEAD,           /* – */
    LIST_OPEN_RUNS,      /* – */
    LIST_COVERAGE,       /* connection; every day from the first known one to today */
    LIST_COVERAGE_SPANS, /* the same, days in a row that are alike as one: date_from, date_to, days */
    LIST_RESTATEMENTS,   /* connection; newest 1,000 */
    LIST_STORED_DAYS,    /* connection; what the stored ads of each day come to, and what is known of the day */
    LIST_COUNT
};
/* rows: `count` JSON texts, borrowed during the callback. */
void listing_read(struct db_pool *p, enum listing what, const char *param,
                  void (*done)(void *arg, int rc, const char *const *rows, int count, const struct err *e), void *arg);
