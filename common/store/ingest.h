#pragma once
#include "common/base/buf.h"
#include "common/io/db.h"
#include <stdbool.h>
#include <stdint.h>
/* Facts that somebody brings who is no sync, stored in one transaction: all that can be, and why the others cannot. */
#define INGEST_MEASURES(X)                                                                                             \
    X(spend)                                                                                                           \
    X(impressions)                                                                                                     \
    X(clicks)                                                                                                          \
    X(link_clicks)                                                                                                     \
    X(conversions)                                                                                                     \
    X(revenue)                                                                                                         \
    X(leads)                                                                                                           \
    X(installs)                                                                                                        \
    X(purchases)                                                                                                       \
    X(registrations)                                                                                                   \
    X(visitors)                                                                                                        \
    X(reach)
enum ingest_measure {
#define X(name) INGEST_##name,
    INGEST_MEASURES(X)
#undef X
        INGEST_MEASURE_COUNT
};
extern const char *const ingest_measure_names[INGEST_MEASURE_COUNT];

/* Texts are checked by the caller; NULL: left out. */
struct ingest_fact {
    int index;                           /* in the request */
    const char *connection_id;           /* NULL: the only one of the provider */
    const char *entity_id, *external_id; /* one of them */
    const char *provider, *level;
    const char *event_at, *event_date; /* one of them */
    bool hourly;
    const char *currency;
    const char *measures[INGEST_MEASURE_COUNT];                /* exact decimals */
    const char *attribution_setting, *actions, *action_values; /* the last two JSON objects */
};
struct ingest; /* facts on their way */
struct ingest *ingest_new(void);
void ingest_add(struct ingest *g, const struct ingest_fact *f); /* copies */
void ingest_free(struct ingest *g);                             /* of one that is not run */

struct ingest_answer {
    int64_t ingested, skipped; /* new or changed; stored already as sent, or sent again behind it */
    const char *const *errors; /* {"index","field","message"}, borrowed during the callback */
    int error_count;
};
/* p: a way into the workspace. Takes g. ERR_LIMIT when the facts are too large together. */
void ingest_run(struct db_pool *p, const char *workspace_id, struct ingest *g,
                void (*done)(void *arg, int rc, const struct ingest_answer *a, const struct err *e), void *arg);
