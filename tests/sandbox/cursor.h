#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Paging cursors: opaque, bound to one query, good for a while. They look like Meta's: base64url whose padding is ZD.
 */
#define CURSOR_TEXT 64
void cursor_make(uint64_t query, int64_t position, int64_t now_ms, char out[CURSOR_TEXT]);
/* False when it is no cursor, belongs to another query, or was made more than lifetime_ms before now. */
bool cursor_read(const char *text, uint64_t query, int64_t now_ms, int64_t lifetime_ms, int64_t *position);
