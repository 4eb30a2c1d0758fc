#pragma once
#include "common/io/db.h"
/* Lists in pages: the queries sql/page_*.sql have as last parameters a cursor (null: from the start) and how many rows;
 * the last column is the cursor behind a row, the others are what the row shows. */
enum { PAGE_ROWS_MAX = 1000, PAGE_PARAMS_MAX = 12 };
/* rows and next (NULL: this was the last page) are borrowed during the callback. A cursor that is none of ours is
 * ERR_INPUT. */
typedef void (*page_done)(void *arg, int rc, const char *const *rows, int count, const char *next, const struct err *e);
void page_read(struct db_pool *p, const char *sql, const char *const *params, int count, const char *cursor, int limit,
               page_done done, void *arg);
