#pragma once
#include "common/base/date.h"
#include "common/base/err.h"
#include "common/base/zone.h"
#include "common/plan/chunk_plan.h"
#include <stdbool.h>
#include <stdint.h>
/* Pure: the days that a metrics request means. */

/* What is known of a day already. */
struct day_known {
    date_t day;
    int64_t read_at_ms; /* when its latest stored reading began; 0 = never stored */
};

struct range_rules {
    date_t today; /* in the account's zone */
    int64_t now_ms;
    const struct zone *zone; /* the account's */
    date_t oldest;           /* that the provider keeps */
    int64_t backfill_days, restate_days;
    bool force;
};

/* The default range: the first time `backfill_days` days that end yesterday, and today so far; later every day of these
 * not covered, the days that may still be restated (restate_days before today) and were not read in the last 6 h, and
 * today; and days whose last reading, before a pause say, was one of a running day or of one that might still be
 * restated. `known` ascending by day. Writes
 * ascending, disjoint spans; returns their number, at most max; -1 when max does not do. */
int range_default(const struct range_rules *r, const struct day_known *known, int known_count, struct day_span *out,
                  int max);

/* Oldest day that the provider still reports: today minus its months, plus one day. */
date_t range_oldest(date_t today, int history_months);

/* Checks an explicit range: ERR_INPUT naming the field, the value and what would be right (from after to, in the
 * future, older than the provider keeps: names the oldest day). */
int range_check(date_t from, date_t to, date_t today, int history_months, struct err *e) MUST_CHECK;
