#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/db_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREPARED_MAX = 256 };

/* Statements are found by the address of their text: our SQL is static, and hashing a large merge each time would cost.
 * The copy guards against text that is built anew at an address that another statement had before. */
struct prepared *prepared_get(struct prepared_set *s, const char *sql)
{
    for (int i = 0; i < s->count; i++) {
        if (s->list[i].key == sql)
            return strcmp(s->list[i].sql, sql) == 0 ? &s->list[i] : NULL;
    }
    if (s->count == PREPARED_MAX)
        return NULL;
    if (!s->list) {
        s->list = mem_new(PREPARED_MAX, sizeof *s->list);
    }
    struct prepared *p = &s->list[s->count++];
    p->key = sql;
    p->sql = str_dup(sql);
    p->state = PREPARED_NOT;
    snprintf(p->name, sizeof p->name, "m%d", s->names++);
    return p;
}

void prepared_settle(struct prepared_set *s)
{
    for (int i = 0; i < s->count; i++) {
        if (s->list[i].state == PREPARED_SENT)
            s->list[i].state = PREPARED_NOT;
    }
}

void prepared_clear(struct prepared_set *s)
{
    for (int i = 0; i < s->count; i++)
        free(s->list[i].sql);
    free(s->list);
    s->list = NULL;
    s->count = 0; /* names go on: an old one may still exist on the server */
}
