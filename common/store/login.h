#pragma once
#include "common/base/claims.h"
#include "common/base/secret.h"
#include "common/io/db.h"
/* One-time links that sign a browser in (metricx login). */
enum { LOGIN_LINK_SECONDS = 600, LOGIN_SECONDS = 12 * 3600, LOGIN_CODE_TEXT = 74 };

/* Makes a code, good for ten minutes and one use. workspace: an id or "*"; ERR_NOT_FOUND when there is none such. */
void login_make(struct db_pool *p, const struct secret *jwt_secret, const char *workspace, enum role role,
                void (*done)(void *arg, int rc, const char *code, const struct err *e), void *arg);
/* Uses it up: whom it signs in. ERR_UNAUTHORIZED when it is unknown, used or too old. */
void login_use(struct db_pool *p, const struct secret *jwt_secret, const char *code,
               void (*done)(void *arg, int rc, const char *workspace, enum role role, const struct err *e), void *arg);
