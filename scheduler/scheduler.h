#pragma once
#include "common/base/err.h"
#include "common/store/service.h"
/* Ticks once a second, and at once when somebody has news: a run asked for, a step of a run ended. One tick at a time.
 */
struct scheduler;
/* Borrows the service. */
int scheduler_new(struct service *s, struct scheduler **out, struct err *e) MUST_CHECK;
void scheduler_start(struct scheduler *d);
/* Ends the tick under way, gives the lease back, then stopped(arg), once. */
void scheduler_stop(struct scheduler *d, void (*stopped)(void *arg), void *arg);
void scheduler_free(struct scheduler *d); /* after stopped */
