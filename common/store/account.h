#pragma once
#include "common/base/err.h"
#include "common/base/fernet.h"
#include "common/base/id.h"
#include "common/io/db.h"
#include <stdbool.h>
#include <stdint.h>
/* Workspaces, tokens and connections: who may sync what with which token. Changes here; reads in listing.h. */
typedef void (*account_done)(void *arg, int rc, const char *id, const struct err *e); /* id: of the row; borrowed */

void workspace_create(struct db_pool *p, const char *name, const char *id /* or NULL */, account_done done, void *arg);
void workspace_rename(struct db_pool *p, const char *id, const char *name, account_done done, void *arg);
void workspace_delete(struct db_pool *p, const char *id, account_done done, void *arg);

/* token_enc is Fernet text. */
void token_add(struct db_pool *p, const char *workspace_id, const char *provider, const char *token_enc,
               account_done done, void *arg);
void token_set(struct db_pool *p, const char *id, const char *token_enc, account_done done, void *arg);
/* A token as it is stored. */
struct token_row {
    char id[UUID_TEXT], workspace_id[UUID_TEXT], provider[16];
    const char *token_enc; /* Fernet text */
};
/* The row is borrowed during the callback. ERR_NOT_FOUND. */
void token_load(struct db_pool *p, const char *id,
                void (*done)(void *arg, int rc, const struct token_row *t, const struct err *e), void *arg);
/* Re-encrypts every token under the first key, in batches, resumable: a row that changed meanwhile is left for the next
 * pass. check_only: counts those not under the first key. ERR_CRYPTO names the first token that no key opens. */
void token_rotate(struct db_pool *p, const struct fernet *f, bool check_only,
                  void (*done)(void *arg, int rc, int64_t changed, const struct err *e), void *arg);

struct connection_row {
    const char *workspace_id, *provider, *account, *name, *currency, *timezone;
    const char *token_id;     /* or NULL */
    const char *token_source; /* stored, env */
};
/* An account that the workspace has already: the same id, name, currency and zone replaced, status active; a given
 * token replaces the old one, which is deleted when nobody else uses it. */
void connection_create(struct db_pool *p, const struct connection_row *c, account_done done, void *arg);
void connection_set_status(struct db_pool *p, const char *id, const char *status, const char *reason, account_done done,
                           void *arg);
/* Active again, unless it was paused; the old token as above. */
void connection_set_token(struct db_pool *p, const char *id, const char *token_id, account_done done, void *arg);
/* name: a key of connections.settings (contract, section 4); value "" removes it. ERR_INPUT names field, value and what
 * is right. */
void connection_set(struct db_pool *p, const char *id, const char *name, const char *value, account_done done,
                    void *arg);
/* keep_data: only disconnects (token forgotten, status disabled). */
void connection_delete(struct db_pool *p, const char *id, bool keep_data, account_done done, void *arg);
