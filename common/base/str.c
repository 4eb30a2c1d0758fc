#include "common/base/str.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include <stdarg.h>

bool str_to_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
    bool negative = *text == '-';
    int64_t value = 0;

    if (negative)
        text++;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        int digit = *text - '0';

        /* built up below zero, where there is room for INT64_MIN */
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    if (value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool str_to_bool(const char *text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"1", true},  {"yes", true}, {"on", true},
                 {"false", false}, {"0", false}, {"no", false}, {"off", false}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i].word) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

bool str_copy(char *dst, size_t size, const char *src)
{
    size_t len = strlen(src), keep;

    CHECK(size > 0);
    if (len < size) {
        memcpy(dst, src, len + 1);
        return true;
    }
    /* src[keep] is the first byte left out; when it continues a character, the whole character goes */
    for (keep = size - 1; keep > 0 && ((unsigned char)src[keep] & 0xc0) == 0x80; keep--)
        ;
    memcpy(dst, src, keep);
    dst[keep] = '\0';
    return false;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

size_t str_utf8_step(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t need;
    unsigned low = 0x80, high = 0xbf; /* of the second byte: keeps out overlong forms, surrogates, > U+10FFFF */

    if (len == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        need = 2;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        need = 3;
        low = s[0] == 0xe0 ? 0xa0 : low;
        high = s[0] == 0xed ? 0x9f : high;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        need = 4;
        low = s[0] == 0xf0 ? 0x90 : low;
        high = s[0] == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (len < need || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return need;
}

bool str_is_utf8(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t step = str_utf8_step(text + at, len - at);

        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

char *str_dup(const char *text)
{
    size_t size;

    if (text == NULL)
        return NULL;
    size = strlen(text) + 1;
    return memcpy(mem_new(1, size), text, size);
}

char *str_printf(const char *format, ...)
{
    va_list args, again;
    char *text;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(len >= 0);
    text = mem_new(1, (size_t)len + 1);
    (void)vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}
