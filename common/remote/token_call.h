#pragma once
#include "common/remote/remote.h"
/* Tokens: from a login to a long-lived one, and what the provider says of it. All are borrowed until done is called. */

/* A token that a provider has just given. */
struct granted {
    struct secret *token; /* owned by the struct: done may take it and leave NULL */
    int64_t lifetime_s;   /* 0: not said */
};
typedef void (*token_granted)(void *arg, int rc, struct granted *g, const struct err *e);
/* The code of a login for a token. A code serves once, so a retry that comes too late fails as used. */
void token_from_code(struct remote *r, const struct provider *provider, const char *code, const char *redirect_uri,
                     token_granted done, void *arg);
/* A living token for one that lives for about sixty days from now. */
void token_extend(struct remote *r, const struct provider *provider, const struct secret *token, token_granted done,
                  void *arg);
/* info is borrowed during the callback. ERR_SETTING without META_APP_ID and META_APP_SECRET. */
void token_inspect(struct remote *r, const struct provider *provider, const struct secret *token,
                   void (*done)(void *arg, int rc, const struct token_info *info, const struct err *e), void *arg);
