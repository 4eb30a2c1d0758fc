#pragma once
#include "common/remote/remote.h"
#include "common/store/account.h"
#include "common/store/queue.h"
#include <jansson.h>
/* Ad accounts and their tokens become connections: what the command line, the API and a login at the provider have in
 * common. Requests are borrowed until done is called. */

struct connect_request {
    struct db_pool *db; /* where they are stored; the budget is in the remote's */
    struct queue *queue;
    const char *workspace_id;
    const struct provider *provider;
    const struct secret *token;
    const char *token_id;  /* it is stored already; neither this nor the next: it is the environment's */
    const char *token_enc; /* Fernet text: stored with the first account that it may read */
    const char *const *accounts;
    int count; /* 0: all that the token may read */
    bool sync; /* their first full sync is requested */
};
struct connected {
    const char *account;
    struct err e;       /* rc 0: it is connected */
    char id[UUID_TEXT]; /* of the connection */
    char run[UUID_TEXT];
    bool closed; /* at the provider: nothing will be synced */
};
/* One question for one account, one per hundred of the token's for more. each() per account, in order, then done: rc is
 * 0 when one of them or more was connected, else why the first one was not. */
void connect_accounts(struct remote *r, const struct connect_request *q,
                      void (*each)(void *arg, const struct connected *one),
                      void (*done)(void *arg, int rc, const struct err *e), void *arg);

/* Another token for a connection that there is. */
struct reconnect_request {
    struct db_pool *db;
    struct queue *queue;
    const char *workspace_id, *connection_id, *account;
    const struct provider *provider;
    const struct secret *token;
    const char *token_id;  /* it is stored already */
    const char *token_enc; /* or: Fernet text, stored when the token may read the account */
    const char *replaces;  /* with token_enc: the stored token in whose place it comes, for all its connections */
    const struct token_said *said; /* with token_enc; or NULL */
    bool sync;
};
/* run: of the sync that was requested; "" when none was. A token that may not read the account changes nothing. */
void reconnect(struct remote *r, const struct reconnect_request *q,
               void (*done)(void *arg, int rc, const char *run, const struct err *e), void *arg);

/* Every account that a token may read, an array of objects for people to choose from: external_account_id, name,
 * currency, timezone, closed, connection_id (of the workspace's connection to it, or null). The list is the caller's.
 */
void connectable_accounts(struct remote *r, struct db_pool *db, const char *workspace_id,
                          const struct provider *provider, const struct secret *token,
                          void (*done)(void *arg, int rc, json_t *list, const struct err *e), void *arg);
