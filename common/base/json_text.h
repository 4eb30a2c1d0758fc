#pragma once
#include "common/base/err.h"
#include <jansson.h>
#include <stddef.h>
/* The one way from text to a tree of jansson's. jansson 2.14 leaves characters out of a word, or reads past its end,
 * when it is refused memory while it reads. So it never is: room for the whole tree is held before a text is begun,
 * and the reserve of mem.h stands behind that. */
/* Owned by the caller; NULL: ERR_INPUT and where it is no JSON, or ERR_NO_MEMORY. flags: those of json_loadb. */
json_t *json_text_read(const char *text, size_t len, size_t flags, struct err *e);
