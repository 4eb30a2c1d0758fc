#pragma once
#include "cli/session.h"
#include "common/provider/provider.h"
#include <stdbool.h>
/* What connecting an ad account and changing its token have in common. */

/* ERR_USAGE names the providers that there are. */
int setup_provider(const char *name, const struct provider **out, struct err *e) MUST_CHECK;

/* An account as its provider describes it; owns its name. */
struct setup_account {
    char account[64], currency[16], timezone[64];
    char *name;
    bool closed;
};
void setup_account_clear(struct setup_account *a);
/* Asks the provider for the account with this token. A token or account that it refuses: its error, naming the account.
 */
int setup_check_account(struct session *s, const struct provider *p, const char *account, const struct secret *token,
                        struct setup_account *out, struct err *e) MUST_CHECK;

/* A stored token, opened. */
struct setup_token {
    char id[UUID_TEXT], workspace_id[UUID_TEXT], provider[16];
    struct secret *secret; /* owned */
};
/* Needs NEED_KEYS. ERR_NOT_FOUND, ERR_CRYPTO. */
int setup_open_token(struct session *s, const char *id, struct setup_token *out, struct err *e) MUST_CHECK;
/* Stores a token encrypted; its id to `id`. Needs NEED_KEYS. */
int setup_store_token(struct session *s, const char *workspace_id, const char *provider, const struct secret *token,
                      char id[UUID_TEXT], struct err *e) MUST_CHECK;
