#pragma once
#include "api/call.h"
/* Waits for the end of a run, for at most ms (0: not at all). done gets the run as it is then, with ended; also when
 * the server stops before. rc as of listing_read, ERR_NOT_FOUND included. */
void run_wait(struct call *c, const char *run_id, int64_t ms,
              void (*done)(struct call *c, int rc, const char *run_json, bool ended, const struct err *e));
/* All who wait are answered at once. */
void run_wait_end_all(struct api *a);
