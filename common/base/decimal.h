#pragma once
#include <stdbool.h>
#include <stddef.h>
/* Exact decimals: a 128-bit integer and a scale. For money and Meta's fractional counts; never through a double. */
struct decimal {
    __extension__ __int128 units; /* value = units / 10^scale */
    int scale;                    /* 0 to DECIMAL_SCALE_MAX */
};
#define DECIMAL_SCALE_MAX 18
#define DECIMAL_TEXT 48 /* longest text with NUL */

/* Whole text like -12.340 (optional sign, digits, at most 18 after the point; no exponent): else false. */
bool decimal_parse(const char *text, struct decimal *out);
bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out); /* false on overflow */
int decimal_cmp(const struct decimal *a, const struct decimal *b);
/* Shortest text without trailing zeros: 12.34, 0, -0.5. Returns out. */
const char *decimal_text(const struct decimal *d, char out[DECIMAL_TEXT]);
/* "5000" with offset_digits 2 becomes "50"; for Meta's minor units. False when text is no integer. */
bool decimal_from_minor(const char *text, int offset_digits, struct decimal *out);
