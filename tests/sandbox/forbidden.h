#pragma once
#include <stdbool.h>
/* Fields that an app may not read, as tests order it. One of them refuses the whole request (Q30). */
struct request;
struct forbidden_field {
    char name[48];
    int account; /* its number; 0: of every one, and of lists of accounts */
    int code;    /* 10 or 200: not permitted; 100: there is no such field (any more) */
};
enum { FORBIDDEN_MAX = 16 };
struct forbidden {
    struct forbidden_field list[FORBIDDEN_MAX];
    int count;
};
bool forbidden_add(struct forbidden *f, const struct forbidden_field *field); /* false when there are too many */
/* True when the answer is that error now. type: of the node, as Meta names it. */
bool forbidden_answer(struct request *r, const char *field, const char *type);
