#pragma once
#include "common/base/err.h"
#include "common/base/id.h"
#include "common/io/db.h"
/* Connections that lost their access (needs_reauth, no_access) or whose account is closed (disabled) are asked for
 * again, ever more rarely: 5 minutes after it was lost, then twice as long each time, 6 hours at most; by the
 * database's clock, and kept there. */
struct access_claim {
    char id[UUID_TEXT];
    char provider[16], account[64], status[16];
    const char *token_enc; /* Fernet text, borrowed; NULL: the environment's token */
};
/* Puts off the connection whose time has come longest ago, for this claimant alone. claim: borrowed; NULL when there is
 * none. Held ones are left alone. */
void access_claim(struct db_pool *p,
                  void (*done)(void *arg, int rc, const struct access_claim *claim, const struct err *e), void *arg);

/* It may be read again: active, what was given up for its access is taken up, and those that share its token or account
 * are asked for at once. With nothing to take up it gets a full sync. */
void access_back(struct db_pool *p, const char *id, void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* It may not: status, reason and code are what the provider says now. */
void access_refused(struct db_pool *p, const char *id, const char *status, const char *reason,
                    const char *code /* or NULL */, void (*done)(void *arg, int rc, const struct err *e), void *arg);
/* Nobody could tell: as if it had not been asked for, but for 5 minutes. */
void access_unsaid(struct db_pool *p, const char *id, void (*done)(void *arg, int rc, const struct err *e), void *arg);
