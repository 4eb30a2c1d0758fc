#pragma once
#include "tests/sandbox/facts.h"
/* A day's numbers divided into the cells of a breakdown, so that the cells add up to the day exactly; reach, which
 * never adds up, comes to more. */
#define CELLS_MAX 64
/* delivery and conversions weigh the cells: conversions may fall into cells without delivery. key seeds what is left to
 * chance. */
void cells_split(const struct fact *f, uint64_t key, const int64_t *delivery, const int64_t *conversions, int count,
                 struct fact *cells);
