#pragma once
#include "common/base/secret.h"
#include "common/io/db.h"
/* Logins at a provider that were begun, each good for one return: only their hashes are stored. */

/* Good for this many seconds, by the database's clock. Forgets those that have never come back. */
void oauth_state_begin(struct db_pool *p, const struct secret *key, const char *workspace, const char *id,
                       int64_t seconds, void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* Uses it up. ERR_CONFLICT when it was used already, or is too old. */
void oauth_state_use(struct db_pool *p, const struct secret *key, const char *id,
                     void (*done)(void *arg, int rc, const struct err *e), void *arg);
