#pragma once
#include "common/provider/provider.h"
/* The account check, and the accounts of a token. See provider.h. */
int meta_account_request(const struct provider_config *c, const char *account, const struct secret *token,
                         struct http_request *out, struct err *e);
void meta_account_read(const struct http_answer *a, struct account_info *out, struct verdict *v);
int meta_accounts_request(const struct provider_config *c, const char *cursor, const struct secret *token,
                          struct http_request *out, struct err *e);
void meta_accounts_read(const struct http_answer *a, void (*each)(void *arg, const struct account_info *info),
                        void *arg, struct buf *next, struct verdict *v);
