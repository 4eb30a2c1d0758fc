#pragma once
#include "cli/session.h"
#include "common/provider/provider.h"
/* What commands about accounts and their tokens have in common. */

/* ERR_USAGE names the providers that there are. */
int setup_provider(const char *name, const struct provider **out, struct err *e) MUST_CHECK;

/* A stored token, opened. */
struct setup_token {
    char id[UUID_TEXT], workspace_id[UUID_TEXT], provider[16];
    struct secret *secret; /* owned */
};
/* Needs NEED_KEYS. ERR_NOT_FOUND, ERR_CRYPTO. */
int setup_open_token(struct session *s, const char *id, struct setup_token *out, struct err *e) MUST_CHECK;
/* A token from standard input and its Fernet text, both owned by the caller (secret_free, free). Needs NEED_KEYS. */
int setup_read_token(struct session *s, struct secret **token, char **sealed, struct err *e) MUST_CHECK;
