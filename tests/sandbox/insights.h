#pragma once
#include "tests/sandbox/ranges.h"
/* A page of the edge /insights of an account, campaign, ad set or ad. */
void insights_edge(struct request *r);

/* The same question asked as a report: is it one? False when the answer is an error now. days: from first to last. */
bool insights_check(struct request *r, struct range *days);

/* All rows of a question, as text. */
struct insight_rows {
    struct buf text; /* row after row, nothing in between */
    size_t *ends;    /* of each row */
    int count, room;
};
/* Appends to rows whose text is initialised; false when r's answer is an error now. */
bool insights_all(struct request *r, struct insight_rows *rows);
/* Some of them as a JSON list's elements. */
void insight_rows_write(struct buf *b, const struct insight_rows *rows, int from, int to);
void insight_rows_free(struct insight_rows *rows);
