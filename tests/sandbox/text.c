#include "tests/sandbox/text.h"
#include <string.h>

void text_int(struct buf *b, int64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof digits - at);
}

void text_fixed(struct buf *b, int64_t units, int places)
{
    char fraction[20];
    int64_t one = 1;
    for (int i = 0; i < places; i++)
        one *= 10;
    if (units < 0)
        buf_add_char(b, '-');
    int64_t size = units < 0 ? -units : units;
    text_int(b, size / one);
    int64_t rest = size % one;
    int len = places;
    for (int i = places - 1; i >= 0; i--, rest /= 10)
        fraction[i] = (char)('0' + rest % 10);
    while (len > 0 && fraction[len - 1] == '0')
        len--;
    if (len > 0) {
        buf_add_char(b, '.');
        buf_add(b, fraction, (size_t)len);
    }
}

void text_ratio(struct buf *b, int64_t numerator, int64_t denominator)
{
    int64_t whole = numerator / denominator, rest = numerator % denominator;
    text_fixed(b, whole * 1000000 + (rest * 1000000 + denominator / 2) / denominator, 6);
}

void text_pair(struct buf *b, const char *key, const char *value)
{
    buf_add_char(b, '"');
    buf_add_str(b, key);
    TEXT_LITERAL(b, "\":");
    buf_add_json(b, value);
}

void text_comma(struct buf *b)
{
    if (b->len > 0 && b->data[b->len - 1] != '[' && b->data[b->len - 1] != '{')
        buf_add_char(b, ',');
}
