#pragma once
#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/io/db.h"
#include "common/store/run_event.h"
#include <stdbool.h>
/* What dashboards have not been told yet: whichever way a run or a connection changed, its new state stays news until
 * it was published and marked as told. At least once, in order for each. */
struct news_run {
    struct run_news news;
    bool ended;
    bool start;     /* it starts with this: run.started */
    bool quiet;     /* only the hash, no event: asked for, not planned yet */
    const char *as; /* what to mark it told as */
};
struct news_connection {
    const char *id, *workspace_id, *status, *error_code, *error; /* error_code and error may be NULL */
    const char *type; /* of the event: connection.needs_reauth …; NULL: nothing to publish */
};
struct news {
    struct arena arena; /* owns the texts */
    struct news_run *runs;
    struct news_connection *connections;
    int run_count, connection_count;
};
/* At most `limit` of each. n is owned by the callback: news_free. */
void news_read(struct db_pool *p, int limit, void (*done)(void *arg, int rc, struct news *n, const struct err *e),
               void *arg);
/* n is borrowed during the call. */
void news_told(struct db_pool *p, const struct news *n, void (*done)(void *arg, int rc, const struct err *e),
               void *arg);
void news_free(struct news *n);
/* One JSON object for :events. */
void news_connection_event(struct buf *out, const struct news_connection *c);
