#include "common/io/copy_text.h"
#include "common/base/decimal.h"
#include <string.h>

/* The letter after the backslash for bytes that COPY would misread, 0 for all others. */
static char escape_of(char c)
{
    switch (c) {
    case '\\':
        return '\\';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    default:
        return 0;
    }
}

/* The tab goes behind each field and the row's end replaces the last one: so an empty first field is still a field. */
void copy_field(struct buf *b, const char *text)
{
    if (!text)
        buf_add_str(b, "\\N");
    while (text && *text) {
        size_t plain = strcspn(text, "\\\t\n\r");
        buf_add(b, text, plain);
        text += plain;
        if (*text) {
            const char pair[2] = {'\\', escape_of(*text++)};
            buf_add(b, pair, sizeof pair);
        }
    }
    buf_add_char(b, '\t');
}

void copy_int(struct buf *b, int64_t value)
{
    char text[DECIMAL_TEXT];
    copy_field(b, decimal_text(&(struct decimal){.units = value}, text));
}

void copy_end_row(struct buf *b)
{
    if (!b->overflow && b->len > 0 && b->data[b->len - 1] == '\t')
        b->data[b->len - 1] = '\n';
    else
        buf_add_char(b, '\n');
}
