#pragma once
#include "common/store/account.h"
/* Tokens whose provider is to be asked how they stand: new ones at once, all of them daily, by the database's clock. */

/* Takes one that is due for an hour, after which somebody else may. The row is borrowed during the callback; NULL:
 * none is due. now_s: the database's clock. */
void token_due(struct db_pool *p, const char *provider,
               void (*done)(void *arg, int rc, const struct token_row *t, int64_t now_s, const struct err *e),
               void *arg);
/* How the look ended; token_enc is the text that was asked about: one that was replaced meanwhile is ERR_NOT_FOUND, and
 * nothing changes. */
void token_checked(struct db_pool *p, const char *id, const char *token_enc, const struct token_said *said,
                   account_done done, void *arg);
/* Its active connections become needs_reauth. */
void token_refused(struct db_pool *p, const char *id, const char *token_enc, const char *reason, account_done done,
                   void *arg);
/* A younger one of the same person in its place; expires_at_s 0: never. */
void token_refreshed(struct db_pool *p, const char *id, const char *token_enc, const char *fresh_enc,
                     int64_t expires_at_s, account_done done, void *arg);
