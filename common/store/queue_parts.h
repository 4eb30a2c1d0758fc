#pragma once
#include "common/store/lua_script.h"
#include "common/store/queue.h"
#include <stdlib.h>
#include <string.h>
/* What the queue_*.c files share; nobody else includes it. */
#define QUEUE_PREFIX_MAX 128

struct queue {
    struct redis *r;
    char prefix[QUEUE_PREFIX_MAX];
};

/* A run's fields (name, value, …; NULL-terminated) as script arguments. */
void queue_add_fields(struct lua_args *a, const char *const *fields);
