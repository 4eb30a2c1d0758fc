#pragma once
#include "common/base/buf.h"
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Campaigns, ad sets and ads. */

/* The edge of an ad account that lists them; static. */
const char *meta_listing_edge(enum meta_listing listing);
/* The filter of this step, if it has one: every status must be named, else archived and deleted ones are hidden; of
 * objects only those updated after since_s, when that is not 0; of insights only those of a campaign, if not NULL. */
void meta_listing_filter(struct buf *url, enum meta_listing listing, enum meta_step step, int64_t since_s,
                         const char *campaign);
/* The listing that has objects of this level. */
enum meta_listing meta_listing_of(const char *level);
/* Asks for its fields, or only for those without which an object is of no use, if there are others. */
void meta_entities_params(struct buf *url, enum meta_listing listing, bool few_fields);
bool meta_entities_have_more(enum meta_listing listing);
/* The rows of `data` into p->entities; asked with few_fields, what could not be asked for is unknown. ERR_ANSWER names
 * the entity and the field. */
int meta_entities_read(const struct slice *s, enum meta_listing listing, bool few_fields, const json_t *data,
                       struct page *p, struct err *e) MUST_CHECK;
