#pragma once
#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Where a slice stands: which listing, how far its question was stepped down, Meta's own cursor in it. As a text: a
 * letter, a digit, Meta's cursor; of lookups its number instead; by campaign its number and ':' before. */
enum meta_listing {
    META_CAMPAIGNS,
    META_ADSETS,
    META_ADS,
    META_LOOKUPS,
    META_INSIGHTS,
    META_NUMBERS, /* insights in two parts: all but actions, then actions */
    META_ACTIONS,
    META_TOTALS,
    META_REPORT,         /* a report of insights: making it, looking at it */
    META_REPORT_ROWS,    /* its pages */
    META_CAMPAIGNS_SEEN, /* campaigns with insights */
    META_BY_CAMPAIGN,    /* insights of one after the other */
    META_LISTING_COUNT
};

/* Meta hides archived and deleted objects unless asked; some edges refuse the question. */
enum meta_step { META_ALL_STATUSES, META_NOT_DELETED, META_NO_FILTER };

struct meta_cursor {
    enum meta_listing listing;
    enum meta_step step;
    bool few_fields;   /* only those that must be: one of the others was refused, perhaps */
    const char *after; /* "" = first page; borrowed from the text */
};

/* NULL is the first page. ERR_GONE when the text is no cursor of ours, or not of this question. */
int meta_cursor_read(const char *text, const struct slice *s, struct meta_cursor *out, struct err *e) MUST_CHECK;
const char *meta_cursor_text(const struct meta_cursor *c, struct arena *a);

/* Meta's cursor of the next page of a list answer, into the arena; *after NULL when there is no next page: only the
 * absence of paging.next says so. The URL in paging.next is never followed: it carries the token and may name any host;
 * its `after` is taken when it leads to our own host and there is no other cursor. used: the cursor that gave this
 * answer: the same one again is ERR_ANSWER. graph_url NULL: only paging.cursors. */
int meta_cursor_next(const json_t *root, const char *graph_url, const char *used, struct arena *a, const char **after,
                     struct err *e) MUST_CHECK;
