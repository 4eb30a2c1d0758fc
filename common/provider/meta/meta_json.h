#pragma once
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/decimal.h"
#include "common/base/err.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* Values out of Meta's JSON. Absent and null are the same. Numbers come as texts (or as JSON integers) and never pass
 * through a double; a JSON real is refused. Failures are ERR_ANSWER and name the key. */

/* What is more than this ends with ERR_LIMIT (docs/limits.md). */
enum {
    META_DEPTH_MAX = 64,             /* lists and objects within each other; Meta's are less than ten deep */
    META_TREE_BYTES_MAX = 128 << 20, /* of an answer's values in memory; a page of 1,000 rows takes some 15 MiB */
    META_ID_BYTES_MAX = 64,          /* Meta's have 20 digits at most */
};
enum { META_NUMBER_TEXT = 80 };
/* So many fit into bigint when the rows of a whole slice are added up. */
#define META_COUNT_MAX INT64_C(1000000000000)

/* Owned by the caller; NULL when it is no JSON (ERR_ANSWER), or too deep or too large (ERR_LIMIT). NUL characters
 * inside strings are let through. */
json_t *meta_json_parse(const char *text, size_t len, struct err *e);
/* The check of depth and size alone, before any memory is taken. */
int meta_tree_check(const char *text, size_t len, struct err *e) MUST_CHECK;

/* A text or an integer's digits, in the arena, NUL characters replaced by U+FFFD; *out NULL when absent. */
int meta_json_text(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e) MUST_CHECK;
/* As above, of at most META_ID_BYTES_MAX bytes: ids, and words that name something. */
int meta_json_word(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e) MUST_CHECK;
/* As above, and neither absent nor empty. */
int meta_json_id(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e) MUST_CHECK;

/* The text of a number: a string's own or an integer's digits in scratch. NULL for anything else, or longer than
 * META_NUMBER_TEXT. */
const char *meta_number(const json_t *value, char scratch[META_NUMBER_TEXT]);
/* The text is a number as JSON writes it, without exponent: it can go into a JSON text as it is. */
bool meta_number_is_json(const char *text);

/* A whole number from 0 to META_COUNT_MAX, canonical; *out NULL when absent. */
int meta_json_count(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e) MUST_CHECK;
/* As above, to INT64_MAX: an amount in minor units. */
int meta_json_minor(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e) MUST_CHECK;
/* A decimal not below 0, canonical; "0" when absent. */
int meta_json_money(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e) MUST_CHECK;
/* The canonical text of a decimal. */
const char *meta_decimal(const struct decimal *d, struct arena *a);

/* Appends value as compact JSON with sorted keys that PostgreSQL takes: \u0000 becomes \ufffd. */
void meta_json_add(struct buf *out, const json_t *value);
