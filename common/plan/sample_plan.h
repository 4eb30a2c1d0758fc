#pragma once
#include "common/plan/chunk_plan.h"
/* Pure: a day read first, to learn how many rows an account has a day before the rest is cut into chunks. Ads that
 * are known say little: of 10,000 perhaps 50 deliver. */

/* Worth it when the range would be more than twenty pages by that guess, or nothing is known to guess from. guess: rows
 * a day; 0 = unknown. */
bool sample_pays(const struct day_span *spans, int count, int64_t page_limit, int64_t guess);
/* The newest of the days that is over, with today behind it; else the newest. spans ascending, at least one. */
struct day_span sample_span(const struct day_span *spans, int count, date_t today);
/* Takes days that lie within one of the spans out of it (room for one more); returns how many there are now. Others, as
 * from DATE_NONE, take nothing out. */
int sample_without(struct day_span *spans, int count, struct day_span days);
