#pragma once
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/io/http_server.h"
#include <jansson.h>
/* A request's parameters from wherever Meta accepts them: query first, then a form or JSON body. The body of a GET is
 * ignored (Meta's Node SDK sends `{}` with each). */
#define PARAMS_MAX 64
struct params {
    struct {
        const char *name, *value;
    } items[PARAMS_MAX];
    int count;
    int from_query; /* the first so many came from the query */
};
void params_read(struct params *p, const struct http_exchange *x, struct arena *a);
/* The same of a query and a form as texts. */
void params_read_text(struct params *p, const char *query, const char *form, struct arena *a);
const char *params_get(const struct params *p, const char *name); /* NULL when absent */
/* The value parsed as JSON; NULL when absent or malformed. The caller releases it. */
json_t *params_json(const struct params *p, const char *name);
/* A list given as a JSON array or as comma-separated text: up to max items; -1 when malformed or too long. Commas
 * inside braces belong to the item. */
int params_list(const struct params *p, const char *name, struct arena *a, const char **items, int max);
int params_split(const char *text, struct arena *a, const char **items, int max);
