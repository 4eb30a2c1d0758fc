#pragma once
#include "common/plan/chunk_plan.h"
/* Pure: the newest days are read first, to learn how many rows an account has a day before the rest is cut into chunks.
 * Ads that are known say little: of 10,000 perhaps 50 deliver. */

/* Worth it when the range would be more than twenty pages by that guess, or nothing is known to guess from. guess: rows
 * a day; 0 = unknown. */
bool sample_pays(const struct day_span *spans, int count, int64_t page_limit, int64_t guess);
/* The newest of the days that is over, with today behind it; else the newest. spans ascending, at least one. */
struct day_span sample_span(const struct day_span *spans, int count, date_t today);
/* Leaves only days before `day` (DATE_NONE: all of them); returns how many spans there are now. */
int sample_before(struct day_span *spans, int count, date_t day);
/* So many of the `left` chunks are cut next, when `done` are read: the first ones say how to cut the others. */
int sample_wave(int done, int left);
