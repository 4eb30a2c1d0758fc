#pragma once
#include "tests/sandbox/actions.h"
#include "tests/sandbox/breakdowns.h"
#include "tests/sandbox/ranges.h"
/* The fields of an insights row and how each is written. Every metric is a string; zero and what does not apply is left
 * out, but for impressions and spend. */
struct insight_row {
    struct account *account;
    enum level level;
    int index; /* of the object at that level */
    struct range days;
    struct fact fact;
    struct action actions[ACTIONS_MAX];
    int action_count;
    unsigned windows; /* attribution windows that were asked for */
    const struct breakdown *breakdown;
    int cell;                    /* -1: the row lacks its keys */
    bool no_unique, no_off_meta; /* numbers of people, actions off Meta: left out */
};
struct insight_field;
#define INSIGHT_FIELDS_MAX 128
struct insight_selection {
    const struct insight_field *list[INSIGHT_FIELDS_MAX];
    int count;
    bool actions; /* some field needs the list of actions */
};
bool insight_select(struct request *r, struct insight_selection *out); /* false: the answer is an error now */
void insight_write(struct buf *b, struct insight_row *row, const struct insight_selection *s);
