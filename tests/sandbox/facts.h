#pragma once
#include "tests/sandbox/world.h"
/* The true numbers of an ad and a day, a pure function of the seed, the ad, the day, the instant of looking and what
 * was restated by hand. Days are the account's; money is in the currency's minor units, conversion counts in
 * hundredths. */

/* How Meta lists conversions of an ad set: which action types it sends differs between ad sets, what is true does not.
 */
enum overlap {
    OVERLAP_FULL,     /* every name with the same count */
    OVERLAP_PARTIAL,  /* `purchase` lacks the in-store part that `omni_purchase` has */
    OVERLAP_NO_OMNI,  /* old ad sets: no omni_ types at all */
    OVERLAP_CHANNELS, /* only the disjoint channels */
};

struct fact {
    int64_t impressions, clicks, reach, spend;
    int64_t link_clicks, visitors, reactions, comments, video_views, carts, checkouts;
    int64_t purchases, leads, installs, registrations; /* hundredths */
    int64_t revenue;
    enum overlap overlap;
};

/* The instant of looking, in the account's terms. */
struct observation {
    date_t today;
    int parts_done, parts; /* quarters of an hour of today that are over, and in all */
};
struct observation facts_observe(const struct account *a, int64_t now_ms);

/* False when Meta has no row: no delivery and nothing attributed to that day. */
bool facts_of_ad(const struct account *a, int ad, date_t day, const struct observation *o, struct fact *out);
bool facts_any(const struct fact *f); /* delivery, or conversions: something to have a row for */
void facts_add(struct fact *sum, const struct fact *f);
const char *facts_attribution_setting(const struct account *a, int adset);
enum overlap facts_overlap(const struct account *a, int adset);
