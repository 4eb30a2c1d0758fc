#pragma once
#include "common/base/err.h"
#include "common/base/http.h"
#include "common/provider/provider.h"
#include <jansson.h>
/* What an answer of Meta means. Fills *v whole. Returns the JSON object that came (owned by the caller) when the answer
 * is one without an error: then v->rc is 0; else NULL. account: for the usage headers; NULL when there is none. */
json_t *meta_verdict_read(const struct http_answer *a, const char *account, struct verdict *v);
/* The same for an error that came inside of an answer. */
void meta_verdict_error(const json_t *error, struct verdict *v);
/* A refusal that may mean a field, or a filter, of the question and not all of it. */
bool meta_verdict_of_a_field(const struct verdict *v);
/* The object could not be read after all: usage and block stay. */
void meta_verdict_fail(struct verdict *v, const struct err *e);
