#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/io/db_parts.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Their numbers never change: pg_type.dat. */
enum { BOOL = 16, INT8 = 20, INT2 = 21, INT4 = 23, JSON = 114, TIMESTAMPTZ = 1184, NUMERIC = 1700, JSONB = 3802 };
enum { KEY_BYTES_MAX = 512 }; /* of a name, 63 bytes at most */

/* "2026-11-24 11:18:19.38+00", all sessions being at UTC, as ISO 8601. */
static void add_instant(struct buf *out, const char *text)
{
    const char *time = strchr(text, ' ');

    if (time == NULL) { /* infinity */
        buf_add_json(out, text);
        return;
    }
    buf_add_char(out, '"');
    buf_add(out, text, (size_t)(time - text));
    buf_add_char(out, 'T');
    buf_add_str(out, time + 1);
    buf_add_str(out, ":00\"");
}

static void add_value(struct buf *out, Oid type, const char *text, size_t len)
{
    switch (type) {
    case BOOL:
        buf_add_str(out, *text == 't' ? "true" : "false");
        return;
    case JSON:
    case JSONB:
        buf_add(out, text, len);
        return;
    case TIMESTAMPTZ:
        add_instant(out, text);
        return;
    case INT2:
    case INT4:
    case INT8:
    case NUMERIC:
        if (isdigit((unsigned char)text[len - 1])) { /* not NaN */
            buf_add(out, text, len);
            return;
        }
        break;
    default:
        break;
    }
    buf_add_json(out, text);
}

struct column {
    struct buf key; /* the name with what stands around it */
    Oid type;
};

static struct column *columns_of(const PGresult *res, int count)
{
    struct column *all = mem_new((size_t)count + 1, sizeof *all);

    for (int i = 0; i < count; i++) {
        all[i].type = PQftype(res, i);
        buf_init(&all[i].key, KEY_BYTES_MAX);
        buf_add_char(&all[i].key, i == 0 ? '{' : ',');
        buf_add_json(&all[i].key, PQfname(res, i));
        buf_add_char(&all[i].key, ':');
    }
    return all;
}

void db_add_json(struct buf *out, const struct db_results *r, int step, int rows, int columns)
{
    const PGresult *res = step_result(r, step);
    struct column *all = columns_of(res, columns);

    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < columns; i++) {
            buf_add(out, all[i].key.data, all[i].key.len);
            if (PQgetisnull(res, row, i))
                buf_add_str(out, "null");
            else
                add_value(out, all[i].type, PQgetvalue(res, row, i), (size_t)PQgetlength(res, row, i));
        }
        buf_add(out, "}", sizeof "}");
    }
    for (int i = 0; i < columns; i++)
        buf_free(&all[i].key);
    free(all);
}
