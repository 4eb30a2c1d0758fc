#include "common/store/lua_script.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/lua/lua_files.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_BYTES_MAX = 16 << 20, SCRIPT_BYTES_MAX = 64 << 10 };
#define SCRIPTS (sizeof lua_files / sizeof lua_files[0])

void lua_args_init(struct lua_args *a)
{
    buf_init(&a->texts, ARGS_BYTES_MAX);
    a->count = 0;
}

void lua_add(struct lua_args *a, const char *text)
{
    const char *word = text == NULL ? "" : text;
    buf_add(&a->texts, word, strlen(word) + 1);
    a->count++;
}

void lua_add_int(struct lua_args *a, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    lua_add(a, text);
}

void lua_add_quota(struct lua_args *a, const struct quota *q)
{
    lua_add_int(a, q->used_percent);
    lua_add_int(a, q->blocked_ms > q->backoff_ms ? q->blocked_ms : q->backoff_ms);
}

static size_t file_named(const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; lua_files[i].name != NULL; i++)
        if (strncmp(lua_files[i].name, name, len) == 0 && strcmp(lua_files[i].name + len, ".lua") == 0)
            return i;
    CHECK(!"a script of this name");
    return 0;
}

/* Redis wants the script's first line, its flags, before everything else. */
static char *with_prelude(const char *text)
{
    const char *rest = strchr(text, '\n');
    struct buf b;
    CHECK(rest != NULL && str_starts(text, "#!lua"));
    buf_init(&b, SCRIPT_BYTES_MAX);
    buf_add(&b, text, (size_t)(rest + 1 - text));
    buf_add_str(&b, lua_files[file_named("common")].text);
    buf_add_str(&b, rest + 1);
    CHECK(!b.overflow);
    return b.data;
}

/* Put together once and kept for the life of the process. */
static const struct redis_script *script_named(const char *name)
{
    static struct redis_script scripts[SCRIPTS];
    const size_t i = file_named(name);
    if (scripts[i].text == NULL) {
        scripts[i].name = lua_files[i].name;
        scripts[i].text = with_prelude(lua_files[i].text);
        redis_script_prepare(&scripts[i]);
    }
    return &scripts[i];
}

void lua_run(struct redis *r, const char *name, const char *prefix, struct lua_args *a, redis_done done, void *arg)
{
    const char **argv = mem_new((size_t)a->count + 1, sizeof *argv);
    const char *text = a->texts.data;
    CHECK(!a->texts.overflow);
    for (int i = 0; i < a->count; i++) {
        argv[i] = text;
        text += strlen(text) + 1;
    }
    redis_eval(r, script_named(name), prefix, a->count, argv, done, arg);
    free(argv);
    buf_free(&a->texts);
    a->count = 0;
}
