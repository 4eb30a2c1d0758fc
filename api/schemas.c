#include "api/schemas.h"
#include "api/exact.h"
#include "api/json_files.h"
#include "api/rules.h"
#include "common/base/check.h"
#include "common/base/date.h"
#include "common/base/id.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 160 };

struct schemas {
    json_t *all;
    struct rule_set *rules;
};

struct schemas *schemas_new(void)
{
    struct schemas *s = mem_new(1, sizeof *s);

    for (const struct embedded_file *f = json_files; f->name != NULL; f++)
        if (strcmp(f->name, "schemas.json") == 0)
            s->all = json_text_read(f->text, strlen(f->text), JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_is_object(s->all));
    s->rules = rules_make(s->all);
    return s;
}

void schemas_free(struct schemas *s)
{
    if (s == NULL)
        return;
    rules_free(s->rules);
    json_decref(s->all);
    free(s);
}

json_t *schemas_all(const struct schemas *s)
{
    return s->all;
}

/* Where a value lies; made a text only for an error. */
struct path {
    const struct path *up;
    const char *name; /* NULL: an element of a list */
    size_t index;
};

static void check(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path);

/* "[3].spend"; "" at the top, whose path is NULL. */
static size_t write_path(const struct path *path, char out[PATH_MAX_BYTES])
{
    if (path == NULL) {
        out[0] = '\0';
        return 0;
    }
    const size_t len = write_path(path->up, out), room = PATH_MAX_BYTES - len;
    const int more = path->name != NULL ? snprintf(out + len, room, "%s%s", len > 0 ? "." : "", path->name)
                                        : snprintf(out + len, room, "[%zu]", path->index);
    return len + (size_t)more < PATH_MAX_BYTES ? len + (size_t)more : PATH_MAX_BYTES - 1;
}

__attribute__((format(printf, 4, 5))) static void unfit(struct field_errors *f, const struct path *path,
                                                        const json_t *value, const char *format, ...)
{
    char field[PATH_MAX_BYTES];
    va_list args;

    (void)write_path(path, field);
    va_start(args, format);
    field_error_v(f, field, value, format, args);
    va_end(args);
}

static unsigned types_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return TYPE_OBJECT;
    case JSON_ARRAY:
        return TYPE_ARRAY;
    case JSON_STRING:
        return exact_is_number(value) ? TYPE_NUMBER : TYPE_STRING;
    case JSON_INTEGER:
        return TYPE_INTEGER | TYPE_NUMBER;
    case JSON_REAL:
        return TYPE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return TYPE_BOOLEAN;
    case JSON_NULL:
        break;
    }
    return TYPE_NULL;
}

/* "integer or string" */
static const char *types_text(const json_t *types, char out[80])
{
    size_t i;
    const json_t *one;

    if (json_is_string(types))
        return json_string_value(types);
    out[0] = '\0';
    json_array_foreach(types, i, one)(void)
        snprintf(out + strlen(out), 80 - strlen(out), "%s%s", i > 0 ? " or " : "", json_string_value(one));
    return out;
}

/* Two digits, from 0 to max. */
static bool is_two(const char *text, int max)
{
    return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) &&
           (text[0] - '0') * 10 + text[1] - '0' <= max;
}

/* Offsets reach to 15:59, as in PostgreSQL. */
static bool is_offset(const char *text)
{
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    return (*text == '+' || *text == '-') && strlen(text) == 6 && is_two(text + 1, 15) && text[3] == ':' &&
           is_two(text + 4, 59);
}

static bool is_instant(const char *text)
{
    date_t day;
    char date[DATE_TEXT] = "";

    if (strlen(text) < 20 || strchr("Tt ", text[10]) == NULL)
        return false;
    memcpy(date, text, 10);
    if (!date_parse(date, &day) || !is_two(text + 11, 23) || text[13] != ':' || !is_two(text + 14, 59) ||
        text[16] != ':' || !is_two(text + 17, 59))
        return false;
    const char *rest = text + 19;
    if (*rest == '.') {
        const size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0 || digits > 9)
            return false;
        rest += 1 + digits;
    }
    return is_offset(rest);
}

static void check_format(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    const char *text = json_string_value(value);
    date_t day;

    if (r->format == FORMAT_UUID && !uuid_valid(text))
        unfit(f, path, value, "must be a UUID");
    else if (r->format == FORMAT_DATE && !date_parse(text, &day))
        unfit(f, path, value, "must be a day like 2026-10-31");
    else if (r->format == FORMAT_DATE_TIME && !is_instant(text))
        unfit(f, path, value, "must be an instant with an offset, like 2026-10-31T12:00:00+01:00");
}

static void check_string(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    const int64_t len = (int64_t)json_string_length(value);

    if ((int64_t)strlen(json_string_value(value)) != len)
        unfit(f, path, value, "may not hold a NUL");
    else if (r->has_least && len < r->least)
        unfit(f, path, value, "must not be empty");
    else if (r->has_most && len > r->most)
        unfit(f, path, value, "has %" PRId64 " bytes; at most %" PRId64 " are allowed", len, r->most);
    else
        check_format(f, r, value, path);
}

/* Of numbers that may come as strings too. */
static void check_exact(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    char text[DECIMAL_TEXT];
    int64_t whole;

    if (json_is_null(value))
        return;
    if (!exact_decimal(value, text))
        unfit(f, path, value, "must be a decimal number like 12.34, at most 18 digits on either side of the point");
    else if (r->format == FORMAT_COUNT && !str_to_i64(text, 0, INT64_MAX, &whole))
        unfit(f, path, value, "must be a whole number from 0 on");
}

static void check_integer(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    if (r->has_least && json_integer_value(value) < r->least)
        unfit(f, path, value, "must be at least %" PRId64, r->least);
    if (r->has_most && json_integer_value(value) > r->most)
        unfit(f, path, value, "must be at most %" PRId64, r->most);
}

static void check_array(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    const int64_t size = (int64_t)json_array_size(value);
    struct path inner = {.up = path};
    const json_t *one;

    if (r->has_least && size < r->least)
        unfit(f, path, NULL, "has %" PRId64 " elements; at least %" PRId64 " are needed", size, r->least);
    if (r->has_most && size > r->most) {
        unfit(f, path, NULL, "has %" PRId64 " elements; at most %" PRId64 " are allowed", size, r->most);
        return;
    }
    if (r->items != NULL)
        json_array_foreach(value, inner.index, one) check(f, r->items, one, &inner);
}

static void check_object(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    const json_t *place, *name;
    struct path inner = {.up = path};
    json_t *one;
    size_t i;

    json_array_foreach(r->needed, i, name)
    {
        inner.name = json_string_value(name);
        if (json_object_get(value, inner.name) == NULL)
            unfit(f, &inner, NULL, "is required");
    }
    json_object_foreach((json_t *)(uintptr_t)value, inner.name, one)
    {
        place = json_object_get(r->known, inner.name);
        if (place != NULL)
            check(f, r->properties[json_integer_value(place)], one, &inner);
        else if (r->closed)
            unfit(f, &inner, one, "is not known");
    }
}

static bool is_one_of(const json_t *list, const json_t *value)
{
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one) if (json_equal(one, value)) return true;
    return false;
}

static void words_error(struct field_errors *f, const json_t *list, const json_t *value, const struct path *path)
{
    char text[300] = "";
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one)(void)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? ", " : "",
                 json_is_string(one) ? json_string_value(one) : "null");
    unfit(f, path, value, "must be one of %s", text);
}

static void check_shown(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    char text[80];

    if (r->types != 0 && (r->types & types_of(value)) == 0)
        unfit(f, path, value, "must be of type %s", types_text(r->named, text));
    else if (r->words != NULL && !is_one_of(r->words, value))
        words_error(f, r->words, value, path);
    else if (r->format == FORMAT_DECIMAL || r->format == FORMAT_COUNT)
        check_exact(f, r, value, path);
    else if (json_is_string(value) && !exact_is_number(value))
        check_string(f, r, value, path);
    else if (json_is_integer(value))
        check_integer(f, r, value, path);
    else if (json_is_array(value))
        check_array(f, r, value, path);
    else if (json_is_object(value))
        check_object(f, r, value, path);
}

/* What is only taken, never given back, is not shown in errors either. */
static void check(struct field_errors *f, const struct rules *r, const json_t *value, const struct path *path)
{
    struct field_errors hidden = {NULL};
    size_t i;
    const json_t *one;

    if (!r->write_only) {
        check_shown(f, r, value, path);
        return;
    }
    check_shown(&hidden, r, value, path);
    json_array_foreach(hidden.list, i, one) field_error(f, json_string_value(json_object_get(one, "field")), NULL, "%s",
                                                        json_string_value(json_object_get(one, "message")));
    field_errors_clear(&hidden);
}

void schemas_check(const struct schemas *s, const char *name, const json_t *value, struct field_errors *errors)
{
    check(errors, rules_of(s->rules, name), value, NULL);
}
