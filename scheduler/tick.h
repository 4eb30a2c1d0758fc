#pragma once
#include "common/base/err.h"
#include "common/store/service.h"
#include <stdbool.h>
#include <stdint.h>
/* One planning tick. Every write is guarded, so a tick done twice does nothing the second time; the lease only saves
 * the work.
 *
 *   LEADING ─► SIGNING ─► REQUESTS ─► DUE ─► PLANNING ─► TELLING ─► ENQUEUEING ─► LOOKING ─► REAPING ─► REMOVING ─►
 *      └ somebody else plans: over                                   (new runs)   (all, now and then)
 *   ESTIMATING ─► TIDYING
 *  (now and then) (hourly)
 *
 * What one phase cannot do keeps none of the later ones from its work; only without PostgreSQL or Redis the tick is
 * over.
 */
struct tick_memory { /* what one tick leaves to the next */
    char holder[128];
    bool leading;
    int64_t leading_since_ms;
    bool look_at_all;         /* the next tick compares all open chunks with Redis */
    int64_t looked_at_all_ms; /* monotonic; when the last such look ended */
    int64_t look_took_ms;
    int64_t estimated_ms; /* monotonic; when the last estimate of runs under way ended */
    int64_t estimate_took_ms;
    int64_t tidied_ms; /* monotonic */
    bool more;         /* work was left over: the next tick follows at once */
    bool stopping;     /* the tick under way ends after its phase */
};
struct tick;
/* done(arg) once; the tick is gone then. Failures are logged and end the tick. */
struct tick *tick_start(struct service *s, struct tick_memory *m, void (*done)(void *arg), void *arg);
