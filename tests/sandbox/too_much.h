#pragma once
#include "common/base/date.h"
#include <stdbool.h>
#include <stdint.h>
/* Questions that Meta finds too big (S22), as tests order it: insights by ad, and listings of objects. A bound of 0 is
 * none. */
struct request;
struct too_much {
    int64_t rows, entity_rows; /* per page of insights, and of objects */
    int64_t cells;             /* objects times days of a question, whatever its pages */
    int64_t fields;
    bool unless_report;   /* only report runs get through */
    bool unless_campaign; /* only questions for one campaign get through, reports or not */
    date_t day;           /* never gets through; DATE_NONE: no such day */
    bool coded;           /* told as 100/1487534 instead of "Please reduce the amount of data…" */
};
struct too_much_question {
    int64_t rows; /* of the page that is asked for; 0: of none */
    int64_t cells, fields;
    date_t from, to; /* the first and the last of its days */
    bool report, one_campaign;
};
bool too_much(const struct too_much *t, const struct too_much_question *q);
/* Makes the answer that error. */
void too_much_answer(struct request *r);
