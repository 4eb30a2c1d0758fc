#include "api/exact.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/base/str.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARK = '\x01', INTEGER_DIGITS_MAX = 18, NUMBER_MAX = 400, SHIFT_MAX = 40 };

/* Bytes of the string at text, its quotes included. */
static size_t string_len(const char *text, size_t len)
{
    size_t at = 1;
    while (at < len && text[at] != '"')
        at += text[at] == '\\' && at + 1 < len ? 2 : 1;
    return at < len ? at + 1 : len;
}

static size_t number_len(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && (isdigit((unsigned char)text[at]) || strchr("+-.eE", text[at]) != NULL) && text[at] != '\0')
        at++;
    return at;
}

/* Bytes up to the next string or number. */
static size_t other_len(const char *text, size_t len)
{
    size_t at = 1;
    while (at < len && text[at] != '"' && text[at] != '-' && !isdigit((unsigned char)text[at]))
        at++;
    return at;
}

/* What JSON calls a number: jansson's own words for what is none are better than ours. */
static bool is_number(const char *text, size_t len)
{
    size_t at = len > 0 && text[0] == '-';
    const size_t whole = at;

    while (at < len && isdigit((unsigned char)text[at]))
        at++;
    if (at == whole || (text[whole] == '0' && at > whole + 1))
        return false;
    if (at < len && text[at] == '.') {
        const size_t dot = at++;
        while (at < len && isdigit((unsigned char)text[at]))
            at++;
        if (at == dot + 1)
            return false;
    }
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < len && (text[at] == '+' || text[at] == '-');
        const size_t digits = at;
        while (at < len && isdigit((unsigned char)text[at]))
            at++;
        if (at == digits)
            return false;
    }
    return at == len;
}

/* One that jansson would round or refuse. Longer ones than NUMBER_MAX are cut: none of them is acceptable anywhere. */
static void add_number(struct buf *out, const char *text, size_t len)
{
    bool plain = len <= INTEGER_DIGITS_MAX;

    for (size_t i = 0; i < len; i++)
        plain &= isdigit((unsigned char)text[i]) || text[i] == '-';
    if (plain || !is_number(text, len)) {
        buf_add(out, text, len);
        return;
    }
    buf_add_str(out, "\"\\u0001");
    buf_add(out, text, len > NUMBER_MAX ? NUMBER_MAX : len);
    buf_add_char(out, '"');
}

json_t *exact_load(const char *text, size_t len, struct err *e)
{
    struct buf marked;
    json_t *json;

    buf_init(&marked, len * 5 + 64); /* ten bytes for a number of three */
    for (size_t at = 0; at < len;) {
        size_t step;
        if (text[at] == '"') {
            step = string_len(text + at, len - at);
            buf_add(&marked, text + at, step);
        } else if (isdigit((unsigned char)text[at]) || text[at] == '-') {
            step = number_len(text + at, len - at);
            add_number(&marked, text + at, step);
        } else {
            step = other_len(text + at, len - at);
            buf_add(&marked, text + at, step);
        }
        at += step;
    }
    if (marked.overflow) {
        buf_free(&marked);
        (void)err_set(e, ERR_NO_MEMORY, "no memory for %zu bytes of JSON", len);
        return NULL;
    }
    json = json_text_read(buf_str(&marked), marked.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, e);
    buf_free(&marked);
    return json;
}

/* Bytes of the value at text, with what follows up to the comma or bracket behind it. */
static size_t element_len(const char *text, size_t len)
{
    size_t at = 0, depth = 0;

    while (at < len) {
        const char c = text[at];
        if (depth == 0 && (c == ',' || c == ']' || c == '}'))
            break;
        depth += (c == '[' || c == '{') - (size_t)(c == ']' || c == '}');
        at += c == '"' ? string_len(text + at, len - at) : 1;
    }
    return at;
}

static size_t blank_len(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0')
        at++;
    return at;
}

bool exact_each(const char *text, size_t len, size_t max, void (*each)(void *arg, size_t index, const json_t *value),
                void *arg)
{
    size_t at = blank_len(text, len), index = 0;
    struct err e;

    if (at == len || text[at] != '[')
        return false;
    at++;
    at += blank_len(text + at, len - at);
    while (at < len && (index > 0 || text[at] != ']')) {
        const size_t step = element_len(text + at, len - at);
        json_t *value = index < max ? exact_load(text + at, step, &e) : NULL;
        if (value == NULL)
            return false;
        each(arg, index++, value);
        json_decref(value);
        at += step;
        if (at == len || text[at] != ',')
            break;
        at++;
    }
    if (at == len || text[at] != ']')
        return false;
    at++;
    return at + blank_len(text + at, len - at) == len;
}

static const char *marked_text(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && text[0] == MARK ? text + 1 : NULL;
}

bool exact_is_number(const json_t *value)
{
    return json_is_number(value) || marked_text(value) != NULL;
}

/* 1.5e3 as 1500, .5 as 0.5: the point moves, no digit is made up. */
static bool write_plainly(const char *text, char out[NUMBER_MAX])
{
    const size_t len = strlen(text), mantissa = strcspn(text, "eE");
    const bool negative = text[0] == '-';
    int64_t shift = 0;
    char digits[DECIMAL_TEXT + 2] = "";
    size_t count = 0, before = 0, at = 0;
    bool point = false;

    if (mantissa < len && !str_to_i64(text + mantissa + 1 + (text[mantissa + 1] == '+'), -SHIFT_MAX, SHIFT_MAX, &shift))
        return false;
    for (size_t i = negative; i < mantissa; i++) {
        if (text[i] == '.' ? point : !isdigit((unsigned char)text[i]) || count >= DECIMAL_TEXT)
            return false;
        if (text[i] == '.') {
            point = true;
            continue;
        }
        digits[count++] = text[i];
        before += !point;
    }
    const int64_t whole = (int64_t)before + shift, end = whole > (int64_t)count ? whole : (int64_t)count;
    if (count == 0)
        return false;
    if (negative)
        out[at++] = '-';
    if (whole <= 0)
        out[at++] = '0';
    for (int64_t i = whole < 0 ? whole : 0; i < end; i++) {
        if (i == whole)
            out[at++] = '.';
        const bool known = i >= 0 && i < (int64_t)count;
        out[at] = '0';
        if (known)
            out[at] = digits[i];
        at++;
    }
    out[at] = '\0';
    return true;
}

/* -12.340, which most are; but not .5 or 1e3 */
static bool is_plain(const char *text)
{
    return text[text[0] == '-'] != '.' && strpbrk(text, "eE") == NULL;
}

bool exact_decimal(const json_t *value, char out[DECIMAL_TEXT])
{
    const char *text = marked_text(value);
    struct decimal d = {.units = json_integer_value(value)};
    char plain[NUMBER_MAX];

    if (!json_is_integer(value)) {
        text = text != NULL ? text : json_string_value(value);
        if (text == NULL || strlen(json_string_value(value)) != json_string_length(value) ||
            strlen(text) >= NUMBER_MAX || (!is_plain(text) && !write_plainly(text, plain)) ||
            !decimal_parse(is_plain(text) ? text : plain, &d))
            return false;
    }
    (void)decimal_text(&d, out);
    return true;
}

json_t *exact_plain(const json_t *value)
{
    const char *text = marked_text(value), *key;
    json_t *copy, *one;
    size_t i;

    if (text != NULL)
        return json_string(text);
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, one)(void) json_array_append_new(copy, exact_plain(one));
        return copy;
    }
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)(uintptr_t)value, key, one)(void)
            json_object_set_new(copy, key, exact_plain(one));
        return copy;
    }
    return json_deep_copy(value);
}
