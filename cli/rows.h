#pragma once
#include "cli/session.h"
#include "cli/table.h"
#include "common/store/listing.h"
#include <jansson.h>
/* Rows of a listing, read once and kept: the JSON texts as they came, and their parsed form. */
struct rows {
    char **texts;
    json_t **items;
    int count;
};
int rows_read(const struct session *s, enum listing what, const char *param, struct rows *out,
              struct err *e) MUST_CHECK;
/* The one object with this id: ERR_NOT_FOUND when there is none ("no <what> has the id …"). */
int rows_read_one(const struct session *s, enum listing listing, const char *what, const char *id, struct rows *out,
                  struct err *e) MUST_CHECK;
void rows_clear(struct rows *r);
/* The whole of a list command: needs the schema, reads, prints JSON or a table. */
int rows_list(struct session *s, enum listing what, const char *param, bool json, const struct table_column *columns,
              struct err *e) MUST_CHECK;
/* The same for what belongs to one connection, which must be there: `none` is said on stderr when there is nothing. */
int rows_list_of(struct session *s, enum listing what, const char *connection, bool json,
                 const struct table_column *columns, const char *none, struct err *e) MUST_CHECK;
/* The whole of a show command for one object: JSON, or one line a field. */
int rows_show(struct session *s, enum listing listing, const char *what, const char *id, bool json,
              struct err *e) MUST_CHECK;
/* {"items": […], "next_cursor": null} on stdout. */
void rows_print_json(const struct rows *r);
/* Text of a field, "" when it is absent, null or no text; borrowed. */
const char *row_text(const json_t *row, const char *field);
int64_t row_int(const json_t *row, const char *field); /* 0 when it is absent or no number */
