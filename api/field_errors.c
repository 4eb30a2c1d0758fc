#include "api/field_errors.h"
#include "api/exact.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/json_text.h"
#include "common/base/mask.h"
#include "common/base/str.h"
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_ERRORS_MAX = 20, VALUE_BYTES_MAX = 200 };

/* Names come from outside, and are cut in between: what is no UTF-8 becomes U+FFFD. */
static json_t *text_of(const char *text)
{
    struct buf quoted;
    json_t *json;

    buf_init(&quoted, strlen(text) * 6 + 3);
    buf_add_json(&quoted, text);
    json = json_text_read(buf_str(&quoted), quoted.len, JSON_DECODE_ANY, NULL);
    buf_free(&quoted);
    CHECK(json != NULL);
    return json;
}

/* A value as it is shown in an error: itself, or its text, cut short, what looks like a secret masked. */
static json_t *shown(const json_t *value)
{
    json_t *plain = exact_plain(value);
    char *text = json_dumps(plain, JSON_COMPACT | JSON_ENCODE_ANY);
    char *masked = text != NULL ? str_dup(text) : NULL;
    char cut[VALUE_BYTES_MAX];

    if (masked != NULL)
        mask_secrets(masked);
    if (masked != NULL && (strlen(masked) >= sizeof cut || strcmp(masked, text) != 0)) {
        (void)str_copy(cut, sizeof cut, masked);
        json_decref(plain);
        plain = text_of(cut);
    }
    free(masked);
    free(text);
    return plain ? plain : json_null();
}

void field_error(struct field_errors *f, const char *field, const json_t *value, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    field_error_v(f, field, value, format, args);
    va_end(args);
}

void field_error_v(struct field_errors *f, const char *field, const json_t *value, const char *format, va_list args)
{
    char message[400];

    if (f->list == NULL)
        f->list = json_array();
    CHECK(f->list != NULL);
    if (json_array_size(f->list) >= FIELD_ERRORS_MAX)
        return;
    (void)vsnprintf(message, sizeof message, format, args);
    (void)json_array_append_new(f->list, json_pack("{s:o, s:o, s:o}", "field", text_of(field), "value",
                                                   value ? shown(value) : json_null(), "message", text_of(message)));
}

void field_errors_clear(struct field_errors *f)
{
    json_decref(f->list);
    f->list = NULL;
}
