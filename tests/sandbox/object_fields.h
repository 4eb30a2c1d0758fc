#pragma once
#include "tests/sandbox/request.h"
/* The fields of accounts, campaigns, ad sets and ads: which are asked for, and how each is written. Absent beats null:
 * what has no value is left out. */
struct object_field;
#define SELECTED_MAX 128
struct selection {
    const struct object_field *fields[SELECTED_MAX];
    struct selection *inner[SELECTED_MAX]; /* of campaign{…} and adset{…}, else NULL */
    int count;
};
/* Reads the `fields` of a request for objects of a level; NULL when the answer is an error now. Lives in r's arena. */
struct selection *object_select(struct request *r, enum level level);
void object_write(struct buf *b, struct account *a, enum level level, int index, int64_t now_ms,
                  const struct selection *s);
extern const char *const object_type_names[LEVEL_COUNT]; /* "AdAccount", … */
