#pragma once
#include "tests/sandbox/facts.h"
#include "tests/sandbox/request.h"
/* The days of an insights request, cut into the buckets that rows stand for. */
struct range {
    date_t from, to; /* both included */
};
struct ranges {
    struct range *list; /* in r's arena */
    int count;
};
/* From time_ranges, time_range or date_preset, and time_increment; false when the answer is an error now. */
bool ranges_read(struct request *r, date_t today, struct ranges *out);
bool ranges_preset(const char *name, date_t today, struct range *out);
