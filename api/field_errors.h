#pragma once
#include <stdarg.h>
#include <stdbool.h>
/* What is wrong with a request's fields; each becomes an entry of a problem's `errors`. */
struct json_t;
struct field_errors {
    struct json_t *list; /* owned; NULL: none */
};
/* value: how it was sent, borrowed; NULL: missing. Past 20 only the first ones are told. */
void field_error(struct field_errors *f, const char *field, const struct json_t *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void field_error_v(struct field_errors *f, const char *field, const struct json_t *value, const char *format,
                   va_list args) __attribute__((format(printf, 4, 0)));
void field_errors_clear(struct field_errors *f);
