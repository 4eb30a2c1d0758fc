#pragma once
#include "common/base/buf.h"
#include "common/io/db.h"
/* The rows of a result as JSON texts. */
struct json_rows {
    const char **texts;
    int count;
    struct buf buf; /* that they lie in */
};
/* The first `count` rows of step 0, the first `columns` of each. To be cleared, also when it fails: ERR_NO_MEMORY. */
int json_rows_of(const struct db_results *r, int count, int columns, struct json_rows *out, struct err *e) MUST_CHECK;
void json_rows_clear(struct json_rows *rows);
