#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
/* What a JSON Schema asks of a value, made ready once: a keyword that is looked up for each value costs more than what
 * it says. Knows type, properties, required, additionalProperties, items, enum, format, minimum, maximum, minLength,
 * maxLength, minItems, maxItems, writeOnly and $ref. */
enum rule_type {
    TYPE_OBJECT = 1,
    TYPE_ARRAY = 2,
    TYPE_STRING = 4,
    TYPE_INTEGER = 8,
    TYPE_NUMBER = 16, /* integers too */
    TYPE_BOOLEAN = 32,
    TYPE_NULL = 64,
};

/* The last two are ours: numbers that may be strings, exact; a count is whole and not negative. */
enum rule_format { FORMAT_NONE, FORMAT_UUID, FORMAT_DATE, FORMAT_DATE_TIME, FORMAT_DECIMAL, FORMAT_COUNT };

struct rules {
    unsigned types;       /* 0: any */
    const json_t *named;  /* the types, as the schema names them */
    const json_t *words;  /* NULL: any value */
    const json_t *needed; /* names of properties; NULL: none */
    json_t *known;        /* where each property is among the next */
    const struct rules **properties;
    bool closed;               /* to others than these */
    const struct rules *items; /* NULL: any */
    bool write_only;
    enum rule_format format;
    bool has_least, has_most;
    int64_t least, most; /* of a number, of a string's bytes, or of a list's values */
};

struct rule_set;
/* schemas: by name; it must outlive the set. CHECKs that they say nothing that is not known here. */
struct rule_set *rules_make(const json_t *schemas);
void rules_free(struct rule_set *set);
const struct rules *rules_of(const struct rule_set *set, const char *name); /* CHECKs that it exists */
