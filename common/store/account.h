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

/* What the provider says of a token. */
struct token_said {
    int64_t expires_at_s; /* seconds since 1970; 0: never */
    const char *const *scopes;
    int scope_count;
};
/* token_enc is Fernet text; said NULL: the provider was not asked yet. */
void token_add(struct db_pool *p, const char *workspace_id, const char *provider, const char *token_enc,
               const struct token_said *said, account_done done, void *arg);
/* Replaces the token of all its connections; those that the provider refused with the old one are active again, and
 * due. */
void token_set(struct db_pool *p, const char *id, const char *token_enc, const struct token_said *said,
               account_done done, void *arg);
/* A token as it is stored. */
struct token_row {
    char id[UUID_TEXT], workspace_id[UUID_TEXT], provider[16];
    const char *token_enc; /* Fernet text */
};
/* The row is borrowed during the callback. ERR_NOT_FOUND. */
void token_load(struct db_pool *p, const char *id,
                void (*done)(void *arg, int rc, const struct token_row *t, const struct err *e), void *arg);
/* The same, decrypted: plain is the callback's to free. ERR_CRYPTO names the token. */
void token_open(struct db_pool *p, const struct fernet *f, const char *id,
                void (*done)(void *arg, int rc, const struct token_row *t, struct secret *plain, const struct err *e),
                void *arg);
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
/* ERR_CONFLICT: it has no token, so it cannot be active. */
void connection_set_status(struct db_pool *p, const char *id, const char *status, const char *reason, account_done done,
                           void *arg);
/* Active again, unless it was paused; the old token as above. */
void connection_set_token(struct db_pool *p, const char *id, const char *token_id, account_done done, void *arg);
/* All of it or none; what is NULL stays. ERR_INPUT and ERR_CONFLICT as below and above. */
struct setting_change {
    const char *name, *value; /* as in connection_set */
};
struct connection_change {
    const char *name;
    const char *status, *status_reason;
    const struct setting_change *settings;
    int setting_count;
};
void connection_change(struct db_pool *p, const char *id, const struct connection_change *c, account_done done,
                       void *arg);
/* name: a key of connections.settings (contract, section 4); value "" removes it. ERR_INPUT names field, value and what
 * is right. */
void connection_set(struct db_pool *p, const char *id, const char *name, const char *value, account_done done,
                    void *arg);
/* The data stays; the token is forgotten, the status becomes disabled. */
void connection_disconnect(struct db_pool *p, const char *id, account_done done, void *arg);
void connection_delete(struct db_pool *p, const char *id, account_done done, void *arg); /* waits until all is gone */
/* The first step of deleting: its work is cancelled and nobody sees it any more. The scheduler removes the rest. */
void connection_hide(struct db_pool *p, const char *id, account_done done, void *arg);
void workspace_hide(struct db_pool *p, const char *id, account_done done, void *arg);
/* One bounded step of removing what was hidden; more: there may be more. */
void hidden_remove(struct db_pool *p, void (*done)(void *arg, int rc, bool more, const struct err *e), void *arg);

/* What a call for a connection needs. */
struct connection_access {
    char id[UUID_TEXT], workspace_id[UUID_TEXT], token_id[UUID_TEXT]; /* token_id "" when there is none */
    char provider[16], account[64], status[16];
    char *token_enc; /* owned by the struct; NULL: the environment's token */
};
void connection_access_load(struct db_pool *p, const char *id,
                            void (*done)(void *arg, int rc, const struct connection_access *a, const struct err *e),
                            void *arg);
