#pragma once
#include "common/base/buf.h"
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Insights at ad level, one row per ad and day (and hour); in parts, two. */

/* The parameters that ask for the slice's facts, but filter, limit and cursor. */
void meta_facts_params(struct buf *url, const struct slice *s, enum meta_listing listing, bool few_fields);
/* It asks for fields that a fact may lack. */
bool meta_facts_have_more(const struct slice *s, enum meta_listing listing);
/* The rows of `data` into p->facts. ERR_ANSWER names the row's ad and the field. */
int meta_facts_read(const struct slice *s, enum meta_listing listing, const json_t *data, struct page *p,
                    struct err *e) MUST_CHECK;
