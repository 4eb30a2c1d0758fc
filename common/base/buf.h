#pragma once
#include <stdbool.h>
#include <stddef.h>
/* Growable bytes with a ceiling. Appending past the ceiling (or without memory) sets `overflow` and changes nothing
 * more; check it once at the end. Always NUL-terminated when data is not NULL. */
struct buf {
    char *data; /* owned by the buf */
    size_t len, cap, max;
    bool overflow;
};
void buf_init(struct buf *b, size_t max_bytes);
void buf_free(struct buf *b);  /* releases, leaves an empty usable buf */
void buf_reset(struct buf *b); /* empty, memory kept */
/* Room for `more` bytes, so that appending that much does not move data; false (overflow set) when there is none. */
bool buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends text as a JSON string with quotes; invalid UTF-8 becomes U+FFFD. */
void buf_add_json(struct buf *b, const char *text);
/* Percent-encodes all but unreserved characters (RFC 3986). */
void buf_add_url(struct buf *b, const char *text);
/* The data as a C string, "" when empty; borrowed until the next change. */
const char *buf_str(const struct buf *b);
