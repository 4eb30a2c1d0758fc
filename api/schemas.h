#pragma once
#include "api/field_errors.h"
/* The JSON Schemas of bodies and answers (schemas.json), by name. */
struct json_t;
struct schemas;
struct schemas *schemas_new(void);
void schemas_free(struct schemas *s);
struct json_t *schemas_all(const struct schemas *s); /* borrowed: the object of components.schemas */
/* Pure: adds an error for every field of value that does not fit, named by its path ("[3].spend").
 * The rules are those of rules.h; CHECKs that the named schema exists. */
void schemas_check(const struct schemas *s, const char *name, const struct json_t *value, struct field_errors *errors);
