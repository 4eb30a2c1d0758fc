#pragma once
#include "tests/sandbox/request.h"
/* `effective_status` and `filtering`, for object edges and insights. */
enum filter_field {
    FILTER_ID,
    FILTER_NAME,
    FILTER_STATUS,
    FILTER_CREATED,
    FILTER_UPDATED,
    FILTER_IMPRESSIONS,
    FILTER_SPEND,
    FILTER_FIELDS
};
enum filter_operator {
    FILTER_IN,
    FILTER_NOT_IN,
    FILTER_EQUAL,
    FILTER_NOT_EQUAL,
    FILTER_GREATER,
    FILTER_GREATER_EQUAL,
    FILTER_LESS,
    FILTER_LESS_EQUAL,
    FILTER_CONTAIN,
    FILTER_OPERATORS
};
struct filter {
    enum level level; /* whose property */
    enum filter_field field;
    enum filter_operator op;
    unsigned statuses;  /* a bit for each */
    const char **texts; /* ids or names */
    int text_count;
    int64_t number; /* seconds for times, minor units for money */
};
#define FILTERS_MAX 16
struct filters {
    struct filter list[FILTERS_MAX];
    int count;
    bool by_status; /* the caller named states: nothing is hidden on its own */
};
/* For objects (or ads, with insights) of `level`; false when the answer is an error now. insights: false for edges. */
bool filters_read(struct request *r, enum level level, bool insights, struct filters *f);
/* Does this object, with its parents, pass? Conditions on a row's numbers are left out. */
bool filters_pass(const struct filters *f, struct account *a, enum level level, int index);
bool filters_pass_numbers(const struct filters *f, int64_t impressions, int64_t spend);
