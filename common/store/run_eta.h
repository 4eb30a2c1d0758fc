#pragma once
#include "common/base/settings.h"
#include "common/io/db.h"
#include "common/io/redis.h"
/* When runs under way will be done: from what is left of them, how long calls took of late, and the budgets as they
 * stand. Runs of one account are taken one after the other, people's first. */

/* Works it out for up to `limit` runs, people's first, and writes calls_left, eta_seconds and parked_until
 * (milliseconds since 1970; "" = it goes on at once) into their :run:<id>; of a held run only calls_left is known. A
 * provider's block counts; what others wait for does not. */
void run_eta_tell(struct db_pool *p, struct redis *r, const struct settings *s, int limit,
                  void (*done)(void *arg, int rc, const struct err *e), void *arg);
