#pragma once
#include "common/base/buf.h"
#include "common/io/redis.h"
#include "common/provider/quota.h"
#include <stdint.h>
/* The scripts of lua/, each run with the prelude common.lua put before it. Loop thread only. */

/* Arguments, copied as they are added. */
struct lua_args {
    struct buf texts; /* each with its NUL */
    int count;
};
void lua_args_init(struct lua_args *a);
void lua_add(struct lua_args *a, const char *text); /* NULL is "" */
void lua_add_int(struct lua_args *a, int64_t value);
void lua_add_quota(struct lua_args *a, const struct quota *q); /* two: percent, milliseconds of its block */
/* Runs lua/<name>.lua and clears the arguments. CHECKs that there is such a script. */
void lua_run(struct redis *r, const char *name, const char *prefix, struct lua_args *a, redis_done done, void *arg);
