#pragma once
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Campaigns, ad sets and ads by their id, one a page; a cursor's `after` is the place in the slice's list. Meta no
 * longer takes several ids in one call. */

/* ERR_GONE when the slice has no lookup there. */
int meta_lookup_request(const struct provider_config *c, const struct slice *s, const struct meta_cursor *at,
                        const struct secret *token, struct http_request *out, struct err *e) MUST_CHECK;
/* root: the object, or NULL, and *v says why. What does not exist or may not be seen is an empty page, v->rc 0 then. */
int meta_lookup_read(const struct slice *s, const struct meta_cursor *at, json_t *root, struct page *p,
                     struct verdict *v, struct err *e) MUST_CHECK;
