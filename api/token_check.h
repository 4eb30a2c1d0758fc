#pragma once
#include "api/call.h"
#include "common/provider/provider.h"
/* A stored token of the workspace, opened for a call to its provider. */
struct opened_token {
    char id[UUID_TEXT];
    const struct provider *provider;
    struct secret *plain;
};
/* Says that the token is one of the workspace: then go_on(arg, opened token, NULL), which owns it until
 * opened_token_free(); else go_on(arg, NULL, the failure). */
void token_check(struct call *c, const char *id, void (*go_on)(void *arg, struct opened_token *t, const struct err *e),
                 void *arg);
void opened_token_free(struct opened_token *t); /* accepts NULL */
