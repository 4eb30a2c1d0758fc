#include "cli/rows.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <stdlib.h>
#include <string.h>

struct reading {
    struct answer answer;
    struct rows *out;
};

static void on_rows(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct reading *r = arg;
    if (rc == 0 && count > 0) {
        r->out->texts = mem_new((size_t)count, sizeof *r->out->texts);
        r->out->items = mem_new((size_t)count, sizeof(json_t *));
        for (int i = 0; i < count; i++) {
            r->out->texts[i] = str_dup(rows[i]);
            r->out->items[i] = json_text_read(rows[i], strlen(rows[i]), 0, NULL);
            CHECK(r->out->items[i]);
        }
        r->out->count = count;
    }
    answer_is(&r->answer, rc, e);
}

int rows_read(const struct session *s, enum listing what, const char *param, struct rows *out, struct err *e)
{
    *out = (struct rows){0};
    struct reading r = {.out = out};
    listing_read(s->db, what, param, on_rows, &r);
    return answer_wait(s, &r.answer, e);
}

int rows_read_one(const struct session *s, enum listing listing, const char *what, const char *id, struct rows *out,
                  struct err *e)
{
    int rc = rows_read(s, listing, id, out, e);
    if (rc == 0 && out->count == 0)
        rc = err_set(e, ERR_NOT_FOUND, "no %s has the id %s", what, id);
    return rc;
}

void rows_clear(struct rows *r)
{
    for (int i = 0; i < r->count; i++) {
        free(r->texts[i]);
        json_decref(r->items[i]);
    }
    free(r->texts);
    free(r->items);
    *r = (struct rows){0};
}

void rows_print_json(const struct rows *r)
{
    printf("{\"items\": [");
    for (int i = 0; i < r->count; i++)
        printf("%s%s", i ? ",\n" : "", r->texts[i]);
    printf("], \"next_cursor\": null}\n");
}

/* Prints a list that was read, or the failure to; clears it. */
static int print_list(struct rows *rows, bool json, const struct table_column *columns, int rc)
{
    if (rc == 0 && json)
        rows_print_json(rows);
    else if (rc == 0)
        table_print(stdout, columns, rows->items, rows->count);
    rows_clear(rows);
    return rc;
}

int rows_list(struct session *s, enum listing what, const char *param, bool json, const struct table_column *columns,
              struct err *e)
{
    struct rows rows = {0};
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc == 0)
        rc = rows_read(s, what, param, &rows, e);
    return print_list(&rows, json, columns, rc);
}

int rows_list_of(struct session *s, enum listing what, const char *connection, bool json,
                 const struct table_column *columns, const char *none, struct err *e)
{
    struct rows owner = {0}, rows = {0};
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc == 0)
        rc = rows_read_one(s, LIST_CONNECTION, "connection", connection, &owner, e);
    rows_clear(&owner);
    if (rc == 0)
        rc = rows_read(s, what, connection, &rows, e);
    if (rc == 0 && !json && rows.count == 0) {
        (void)fprintf(stderr, "%s\n", none);
        return 0;
    }
    return print_list(&rows, json, columns, rc);
}

int rows_show(struct session *s, enum listing listing, const char *what, const char *id, bool json, struct err *e)
{
    struct rows rows = {0};
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc == 0)
        rc = rows_read_one(s, listing, what, id, &rows, e);
    if (rc == 0 && json)
        (void)puts(rows.texts[0]);
    else if (rc == 0)
        table_print_object(stdout, rows.items[0]);
    rows_clear(&rows);
    return rc;
}

const char *row_text(const json_t *row, const char *field)
{
    const char *text = json_string_value(json_object_get(row, field));
    return text ? text : "";
}

int64_t row_int(const json_t *row, const char *field)
{
    return json_integer_value(json_object_get(row, field));
}
