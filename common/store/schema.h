#pragma once
#include "common/base/err.h"
#include "common/io/db.h"
/* Does the database fit this program: schema there (ERR_SCHEMA says to run metricx migrate), this version not refused,
 * session pooling (transaction pooling is detected: ERR_SETTING names DATABASE_URL). */
void schema_check(struct db_pool *p, void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* Compares dotted versions: <0, 0, >0. */
int version_compare(const char *a, const char *b);
