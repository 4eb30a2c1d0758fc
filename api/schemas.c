#include "api/schemas.h"
#include "api/exact.h"
#include "api/json_files.h"
#include "common/base/check.h"
#include "common/base/date.h"
#include "common/base/id.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 160 };

struct schemas {
    json_t *all;
};

struct schemas *schemas_new(void)
{
    struct schemas *s = mem_new(1, sizeof *s);

    for (const struct embedded_file *f = json_files; f->name != NULL; f++)
        if (strcmp(f->name, "schemas.json") == 0)
            s->all = json_text_read(f->text, strlen(f->text), JSON_REJECT_DUPLICATES, NULL);
    CHECK(json_is_object(s->all));
    return s;
}

void schemas_free(struct schemas *s)
{
    if (s == NULL)
        return;
    json_decref(s->all);
    free(s);
}

json_t *schemas_all(const struct schemas *s)
{
    return s->all;
}

struct checker {
    const struct schemas *schemas;
    struct field_errors *errors;
};

static void check(const struct checker *k, const json_t *schema, const json_t *value, const char *path);

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return exact_is_number(value) ? "number" : "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bool is_of_type(const json_t *value, const char *type)
{
    return strcmp(type, type_name(value)) == 0 || (strcmp(type, "number") == 0 && json_is_integer(value));
}

static bool type_fits(const json_t *types, const json_t *value)
{
    size_t i;
    const json_t *one;

    if (types == NULL || json_is_string(types))
        return types == NULL || is_of_type(value, json_string_value(types));
    json_array_foreach(types, i, one) if (is_of_type(value, json_string_value(one))) return true;
    return false;
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

static void check_string(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    const char *text = json_string_value(value), *format = json_string_value(json_object_get(schema, "format"));
    const json_t *least = json_object_get(schema, "minLength"), *most = json_object_get(schema, "maxLength");
    const size_t len = json_string_length(value);
    date_t day;

    if (strlen(text) != len)
        field_error(k->errors, path, value, "may not hold a NUL");
    else if (least != NULL && len < (size_t)json_integer_value(least))
        field_error(k->errors, path, value, "must not be empty");
    else if (most != NULL && len > (size_t)json_integer_value(most))
        field_error(k->errors, path, value, "has %zu bytes; at most %" JSON_INTEGER_FORMAT " are allowed", len,
                    json_integer_value(most));
    else if (format == NULL)
        return;
    else if (strcmp(format, "uuid") == 0 && !uuid_valid(text))
        field_error(k->errors, path, value, "must be a UUID");
    else if (strcmp(format, "date") == 0 && !date_parse(text, &day))
        field_error(k->errors, path, value, "must be a day like 2026-10-31");
    else if (strcmp(format, "date-time") == 0 && !is_instant(text))
        field_error(k->errors, path, value, "must be an instant with an offset, like 2026-10-31T12:00:00+01:00");
}

/* Of numbers that may come as strings too: decimal, and count, which is whole and not negative. */
static bool check_exact(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    const char *format = json_string_value(json_object_get(schema, "format"));
    const bool decimal = format != NULL && strcmp(format, "decimal") == 0;
    const bool count = format != NULL && strcmp(format, "count") == 0;
    char text[DECIMAL_TEXT];
    int64_t whole;

    if (!decimal && !count)
        return false;
    if (json_is_null(value))
        return true;
    if (!exact_decimal(value, text))
        field_error(k->errors, path, value,
                    "must be a decimal number like 12.34, at most 18 digits on either side of the point");
    else if (count && !str_to_i64(text, 0, INT64_MAX, &whole))
        field_error(k->errors, path, value, "must be a whole number from 0 on");
    return true;
}

static void check_number(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    const json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");

    if (least != NULL && json_number_value(value) < json_number_value(least))
        field_error(k->errors, path, value, "must be at least %" JSON_INTEGER_FORMAT, json_integer_value(least));
    if (most != NULL && json_number_value(value) > json_number_value(most))
        field_error(k->errors, path, value, "must be at most %" JSON_INTEGER_FORMAT, json_integer_value(most));
}

static void check_array(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    const json_t *items = json_object_get(schema, "items"), *one;
    const json_t *least = json_object_get(schema, "minItems"), *most = json_object_get(schema, "maxItems");
    const bool one_by_one = json_is_true(json_object_get(schema, "x-one-by-one")); /* its handler checks them */
    const size_t size = json_array_size(value);
    char inner[PATH_MAX_BYTES];
    size_t i;

    if (least != NULL && size < (size_t)json_integer_value(least))
        field_error(k->errors, path, NULL, "has %zu elements; at least %" JSON_INTEGER_FORMAT " are needed", size,
                    json_integer_value(least));
    if (most != NULL && size > (size_t)json_integer_value(most)) {
        field_error(k->errors, path, NULL, "has %zu elements; at most %" JSON_INTEGER_FORMAT " are allowed", size,
                    json_integer_value(most));
        return;
    }
    json_array_foreach(value, i, one)
    {
        (void)snprintf(inner, sizeof inner, "%s[%zu]", path, i);
        if (items != NULL && !one_by_one)
            check(k, items, one, inner);
    }
}

static const char *below(const char *path, const char *name, char out[PATH_MAX_BYTES])
{
    (void)snprintf(out, PATH_MAX_BYTES, "%s%s%s", path, *path != '\0' ? "." : "", name);
    return out;
}

static void check_object(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    const json_t *properties = json_object_get(schema, "properties"), *known, *name;
    const bool closed = json_is_false(json_object_get(schema, "additionalProperties"));
    char inner[PATH_MAX_BYTES];
    const char *key;
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(schema, "required"), i,
                       name) if (json_object_get(value, json_string_value(name)) == NULL)
        field_error(k->errors, below(path, json_string_value(name), inner), NULL, "is required");
    json_object_foreach((json_t *)(uintptr_t)value, key, one)
    {
        known = json_object_get(properties, key);
        if (known != NULL)
            check(k, known, one, below(path, key, inner));
        else if (closed)
            field_error(k->errors, below(path, key, inner), one, "is not known");
    }
}

static bool is_one_of(const json_t *list, const json_t *value)
{
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one) if (json_equal(one, value)) return true;
    return false;
}

static void words_error(const struct checker *k, const json_t *list, const json_t *value, const char *path)
{
    char text[300] = "";
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one)(void)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? ", " : "",
                 json_is_string(one) ? json_string_value(one) : "null");
    field_error(k->errors, path, value, "must be one of %s", text);
}

static const json_t *resolve(const struct checker *k, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    static const char prefix[] = "#/components/schemas/";

    if (ref == NULL)
        return schema;
    CHECK(str_starts(ref, prefix));
    schema = json_object_get(k->schemas->all, ref + sizeof prefix - 1);
    CHECK(schema != NULL);
    return schema;
}

static void check_shown(const struct checker *k, const json_t *schema, const json_t *value, const char *path);

/* What is only taken, never given back, is not shown in errors either. */
static void check(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    schema = resolve(k, schema);
    struct field_errors errors = {NULL};
    const struct checker quiet = {k->schemas, &errors};
    size_t i;
    const json_t *one;

    if (!json_is_true(json_object_get(schema, "writeOnly"))) {
        check_shown(k, schema, value, path);
        return;
    }
    check_shown(&quiet, schema, value, path);
    json_array_foreach(errors.list, i, one) field_error(k->errors, json_string_value(json_object_get(one, "field")),
                                                        NULL, "%s", json_string_value(json_object_get(one, "message")));
    field_errors_clear(&errors);
}

static void check_shown(const struct checker *k, const json_t *schema, const json_t *value, const char *path)
{
    const json_t *types = json_object_get(schema, "type"), *words = json_object_get(schema, "enum");
    char text[80];

    if (!type_fits(types, value))
        field_error(k->errors, path, value, "must be of type %s", types_text(types, text));
    else if (words != NULL && !is_one_of(words, value))
        words_error(k, words, value, path);
    else if (check_exact(k, schema, value, path))
        return;
    else if (json_is_string(value) && !exact_is_number(value))
        check_string(k, schema, value, path);
    else if (json_is_integer(value))
        check_number(k, schema, value, path);
    else if (json_is_array(value))
        check_array(k, schema, value, path);
    else if (json_is_object(value))
        check_object(k, schema, value, path);
}

void schemas_check(const struct schemas *s, const char *name, const json_t *value, struct field_errors *errors)
{
    const struct checker k = {.schemas = s, .errors = errors};
    const json_t *schema = json_object_get(s->all, name);

    CHECK(schema != NULL);
    check(&k, schema, value, "");
}
