#pragma once
#include "tests/sandbox/facts.h"
/* The hours of a day by the clock of the account's zone, as Meta labels them: 24 whatever the day. Of a short day one
 * has no time in it, of a long day one has two hours'; of the day that runs only what is over counts. */
#define HOURS 24
/* How a day of an ad is spread: several hours have no delivery, none is without a chance of a conversion. */
void hours_weights(const struct account *a, uint64_t key, date_t day, const struct observation *o,
                   int64_t delivery[HOURS], int64_t conversions[HOURS]);
