#pragma once
#include "common/plan/chunk_plan.h"
/* Pure: one day read alone, to learn how many rows an account has a day before the rest is cut into chunks. Ads that
 * are known say little: of 10,000 perhaps 50 deliver. */

/* Worth it when the range would be more than twenty pages by that guess, or nothing is known to guess from. guess: rows
 * a day; 0 = unknown. */
bool sample_pays(const struct day_span *spans, int count, int64_t page_limit, int64_t guess);
/* The newest of the days that is over, else the newest. spans ascending, at least one. */
date_t sample_day(const struct day_span *spans, int count, date_t today);
/* Takes the day out of the spans (room for one more); returns how many they are now. DATE_NONE, or a day that is not in
 * them, takes nothing out. */
int sample_without(struct day_span *spans, int count, date_t day);
