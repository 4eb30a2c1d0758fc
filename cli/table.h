#pragma once
#include <jansson.h>
#include <stdio.h>
/* JSON objects as text for people. Control characters are replaced: a name can do nothing to the terminal. */
struct table_column {
    const char *title;
    const char *field; /* of each object; NULL ends the columns */
};
/* One line an object under a line of titles; numbers to the right, long texts cut. Nothing but the titles when count is
 * 0. */
void table_print(FILE *out, const struct table_column *columns, json_t *const *rows, int count);
/* One line a field: "name  value". Fields that are null are left out. */
void table_print_object(FILE *out, json_t *object);
