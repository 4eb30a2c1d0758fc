#pragma once
#include "common/base/buf.h"
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Insights campaign by campaign: which campaigns have some, and where in their list a cursor stands. */

/* The parameters that ask which campaigns have facts in the slice's days, but filter, limit and cursor. */
void meta_campaigns_params(struct buf *url, const struct slice *s);
/* The campaigns of `data` into p->entities, once a day; nothing but their ids is known. ERR_ANSWER. */
int meta_campaigns_read(const json_t *data, struct page *p, struct err *e) MUST_CHECK;

/* The place in s->lookups that a cursor by campaign means, and Meta's own cursor in it ("" = first page, borrowed).
 * ERR_GONE when there is none there. */
int meta_campaign_place(const struct slice *s, const struct meta_cursor *at, int *place, const char **after,
                        struct err *e) MUST_CHECK;
/* What meta_campaign_place reads; NULL when the arena is full. */
const char *meta_campaign_after(int place, const char *after, struct arena *a);
