#pragma once
#include "common/provider/provider.h"
/* Logging in at Meta. See provider.h. Tokens, codes and the app's secret travel in bodies and headers only. */
int meta_login_url(const struct provider_config *c, const char *redirect_uri, const char *state, bool again,
                   struct buf *out, struct err *e);
int meta_code_request(const struct provider_config *c, const char *code, const char *redirect_uri,
                      struct http_request *out, struct err *e);
int meta_extend_request(const struct provider_config *c, const struct secret *token, struct http_request *out,
                        struct err *e);
void meta_grant_read(const struct http_answer *a, struct secret **token, int64_t *lifetime_s, struct verdict *v);
int meta_inspect_request(const struct provider_config *c, const struct secret *token, const struct secret *app,
                         struct http_request *out, struct err *e);
void meta_inspect_read(const struct http_answer *a, struct token_info *out, struct verdict *v);
