#pragma once
#include "common/base/err.h"
#include "common/base/settings.h"
#include "common/store/service.h"
/* The slots: claims jobs while there is room, keeps their leases, and drains on stop.
 * One claim asks for all free slots at once; one beat keeps all leases; an idle worker waits for a wake token. */
struct worker;
/* Borrows the service. ERR_SETTING when the keys are malformed. */
int worker_new(struct service *s, struct worker **out, struct err *e) MUST_CHECK;
void worker_start(struct worker *w);
/* Stops claiming; jobs finish their page and are handed back; after SHUTDOWN_GRACE_SECONDS calls under way are broken
 * off. Then stopped(arg), once. */
void worker_stop(struct worker *w, void (*stopped)(void *arg), void *arg);
void worker_free(struct worker *w); /* after stopped */
