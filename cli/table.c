#include "cli/table.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES_MAX = 4096, OBJECT_BYTES_MAX = 1 << 20, CELL_WIDTH_MAX = 48, COLUMNS_MAX = 16 };

/* Characters of UTF-8 text; close enough to its width for a table. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* Text without control characters (C0, DEL, C1), cut after `width` characters with an ellipsis. */
static void add_text(struct buf *out, const char *text, size_t width)
{
    size_t left = strlen(text), written = 0;
    bool cut = width_of(text) > width;
    while (left > 0 && (!cut || written + 1 < width)) {
        size_t step = str_utf8_step(text, left);
        unsigned char first = (unsigned char)text[0];
        bool control = first < 0x20 || first == 0x7F || (first == 0xC2 && (unsigned char)text[1] < 0xA0);
        if (step == 0 || control)
            buf_add_char(out, '?');
        else
            buf_add(out, text, step);
        step = step ? step : 1;
        text += step;
        left -= step;
        written++;
    }
    if (cut)
        buf_add_str(out, "…");
}

/* "2026-11-22T03:04:05.123456+00:00" is shown as "2026-11-22 03:04:05+00:00". */
static bool add_time(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    if (len < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        return false;
    const char *rest = text + 19;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    buf_addf(out, "%.10s %.8s%s", text, text + 11, rest);
    return true;
}

static void add_value(struct buf *out, const json_t *value, size_t width)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        if (!add_time(out, text))
            add_text(out, text, width);
    } else if (value && !json_is_null(value)) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        CHECK(text);
        add_text(out, text, width);
        free(text);
    } else {
        buf_add_char(out, '-');
    }
}

static void print_cell(FILE *out, const char *text, size_t width, bool right, bool last)
{
    size_t own = width_of(text);
    int pad = own < width ? (int)(width - own) : 0;
    if (right)
        (void)fprintf(out, "%*s%s", pad, "", text);
    else
        (void)fprintf(out, "%s%*s", text, last ? 0 : pad, "");
    (void)fputs(last ? "\n" : "  ", out);
}

void table_print(FILE *out, const struct table_column *columns, json_t *const *rows, int count)
{
    size_t width[COLUMNS_MAX] = {0};
    struct buf cell;
    buf_init(&cell, CELL_BYTES_MAX);
    int n = 0;
    for (; columns[n].field; n++) {
        CHECK(n < COLUMNS_MAX);
        width[n] = width_of(columns[n].title);
        for (int i = 0; i < count; i++) {
            buf_reset(&cell);
            add_value(&cell, json_object_get(rows[i], columns[n].field), CELL_WIDTH_MAX);
            size_t own = width_of(buf_str(&cell));
            width[n] = own > width[n] ? own : width[n];
        }
    }
    for (int c = 0; c < n; c++)
        print_cell(out, columns[c].title, width[c], false, c + 1 == n);
    for (int i = 0; i < count; i++) {
        for (int c = 0; c < n; c++) {
            const json_t *value = json_object_get(rows[i], columns[c].field);
            buf_reset(&cell);
            add_value(&cell, value, CELL_WIDTH_MAX);
            print_cell(out, buf_str(&cell), width[c], json_is_number(value), c + 1 == n);
        }
    }
    buf_free(&cell);
}

void table_print_object(FILE *out, json_t *object)
{
    size_t width = 0;
    const char *name;
    json_t *value;
    struct buf cell;
    buf_init(&cell, OBJECT_BYTES_MAX);
    json_object_foreach(object, name, value)
    {
        size_t own = strlen(name);
        width = own > width ? own : width;
    }
    json_object_foreach(object, name, value)
    {
        if (json_is_null(value))
            continue;
        buf_reset(&cell);
        add_value(&cell, value, SIZE_MAX);
        (void)fprintf(out, "%-*s  %s\n", (int)width, name, buf_str(&cell));
    }
    buf_free(&cell);
}
