#pragma once
#include "common/base/buf.h"
#include <stdint.h>
/* Numbers and JSON pieces written straight into a buf: a page of 1000 rows is made of some 100,000 of these. */
#define TEXT_LITERAL(b, literal) buf_add((b), (literal), sizeof(literal) - 1)
void text_int(struct buf *b, int64_t value);
/* units / 10^places without trailing zeros: 1250 with 2 places is 12.5. */
void text_fixed(struct buf *b, int64_t units, int places);
/* numerator / denominator with up to 6 places, rounded; both not negative, denominator above 0. */
void text_ratio(struct buf *b, int64_t numerator, int64_t denominator);
/* "key":"value" with JSON escapes in the value. */
void text_pair(struct buf *b, const char *key, const char *value);
/* A comma, unless this is the first element after an opening bracket or brace. */
void text_comma(struct buf *b);
