#pragma once
#include "common/base/date.h"
#include <stdbool.h>
#include <stdint.h>
/* Pure planning of a run: which days, cut how, in which order. */

struct day_span {
    date_t from, to; /* inclusive */
};

/* Days that one job covers: fixed when chunk_days > 0, else so that the last, unfilled page of a chunk stays cheap:
 * clamp(20 * page_limit / rows_per_day, 1, 30). rows_per_day 0 = unknown: 7. Under a small budget fewer pages than 20:
 * a quarter of calls_per_window (0 = no limit), so that slices that are begun can be finished in one window. */
int chunk_width(int64_t chunk_days, int64_t page_limit, int64_t rows_per_day, int64_t calls_per_window);

/* Cuts `count` spans (ascending, disjoint) into chunks of at most `width` days, newest first. Adjacent spans are joined
 * before the cut. stretch, for planned widths only: a rest of at most a tenth of the width joins its neighbour instead
 * of costing a call of its own (90 days and today are 3 chunks, not 4). Returns the number written to out, at most max;
 * -1 when max does not do. */
int chunk_plan(const struct day_span *spans, int count, int width, bool stretch, struct day_span *out, int max);
