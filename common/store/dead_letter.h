#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
/* Dead letters are the dead chunks in PostgreSQL. */
/* Back to the queue with attempts and deliveries 0, their runs running again; id NULL: all. count: how many.
 * ERR_NOT_FOUND. */
void dead_letter_retry(struct db_pool *p, const char *id,
                       void (*done)(void *arg, int rc, int count, const struct err *e), void *arg);
/* Forgets one: the chunk becomes cancelled. ERR_NOT_FOUND. */
void dead_letter_drop(struct db_pool *p, const char *id,
                      void (*done)(void *arg, int rc, int count, const struct err *e), void *arg);
