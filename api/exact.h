#pragma once
#include "common/base/decimal.h"
#include "common/base/err.h"
#include <jansson.h>
#include <stdbool.h>
/* JSON whose numbers are not rounded: jansson would make doubles of 0.1 and of 12345678901234567890. */

/* As json_text_read with duplicates refused, any value accepted; but a number with a fraction, an exponent or more than
 * 18 digits becomes a string, marked by a first byte that JSON texts of callers cannot have there unescaped. NULL: e
 * says why. */
json_t *exact_load(const char *text, size_t len, struct err *e);
/* Loads the values of a list one at a time; value is borrowed. False: text is no JSON, no list, of more than max
 * values, or there was no memory; each was called for what came before. */
bool exact_each(const char *text, size_t len, size_t max, void (*each)(void *arg, size_t index, const json_t *value),
                void *arg);
bool exact_is_number(const json_t *value); /* an integer, or a number that was kept as its text */
/* The text of a number, or of a string that is one: exact, without exponent, at most 18 digits after the point. False
 * when it is none, or larger than that. */
bool exact_decimal(const json_t *value, char out[DECIMAL_TEXT]);
/* The same value without marks, for people to read: the caller's. */
json_t *exact_plain(const json_t *value);
