#pragma once
#include "common/provider/provider.h"
/* Pages of a slice: insights of its days, or all campaigns, then all ad sets, then all ads, or single ones of them. See
 * provider.h. */
enum { META_LISTING_ROWS = 500, META_TOTALS_ROWS = 500 }; /* of a full page */

int meta_page_request(const struct provider_config *c, const struct slice *s, const char *cursor,
                      const struct secret *token, struct http_request *out, struct err *e);
void meta_page_read(const struct provider_config *c, const struct slice *s, const char *cursor,
                    const struct http_answer *a, struct page *out, struct verdict *v);
