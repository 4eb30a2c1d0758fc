#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Checked parsing and copying of C strings. */
/* Whole text is a decimal number within [min, max]; else false and *out untouched. */
bool str_to_i64(const char *text, int64_t min, int64_t max, int64_t *out);
bool str_to_bool(const char *text, bool *out); /* true false 1 0 yes no on off */
/* Copies with NUL, cut at a UTF-8 character when too long. Returns false when cut. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_starts(const char *text, const char *prefix);
bool str_is_utf8(const char *text, size_t len);
/* Bytes of the UTF-8 character at text (1 to 4); 0 when there is none or it is invalid. */
size_t str_utf8_step(const char *text, size_t len);
char *str_dup(const char *text); /* owned by the caller; NULL for NULL */
char *str_printf(const char *format, ...) __attribute__((format(printf, 1, 2))); /* owned by the caller */
