#pragma once
#include "common/base/buf.h"
#include "common/provider/provider.h"
/* The URL of a Graph API call. The token travels in the Authorization header only. */

/* {graph_url}/{version}/{node}[/{edge}]; edge may be NULL. */
void meta_url_start(struct buf *url, const struct provider_config *c, const char *node, const char *edge);
void meta_url_param(struct buf *url, const char *name, const char *value);
/* Adds appsecret_proof when there is an app secret and moves the URL into *out. token is borrowed by *out. ERR_LIMIT.
 */
int meta_url_finish(struct buf *url, const struct provider_config *c, const struct secret *token,
                    struct http_request *out, struct err *e) MUST_CHECK;
