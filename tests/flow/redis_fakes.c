#include "tests/flow/redis_fakes.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/lua_script.h"
#include <inttypes.h>
#include <stdlib.h>

enum { WORDS = 12, WAITING = 16 };

struct command {
    struct buf words[WORDS];
    int count;
    struct buf line;
    redis_done done;
    void *arg;
};
static struct command waiting[WAITING];
static int count;

struct redis_reply {
    enum redis_type type;
    int64_t n;
    const char *text;
    size_t len;
};

static void forget(struct command *c)
{
    for (int i = 0; i < c->count; i++)
        buf_free(&c->words[i]);
    buf_free(&c->line);
}

void redis_fakes_reset(void)
{
    while (count > 0)
        forget(&waiting[--count]);
}

int redis_fakes_waiting(void)
{
    return count;
}

const char *redis_fakes_command(void)
{
    return count == 0 ? "" : buf_str(&waiting[0].line);
}

const char *redis_fakes_word(int i, size_t *len)
{
    CHECK(count > 0 && i < waiting[0].count);
    *len = waiting[0].words[i].len;
    return buf_str(&waiting[0].words[i]);
}

void redis_command(struct redis *r, int argc, const char *const *argv, const size_t *lengths, int64_t timeout_ms,
                   redis_done done, void *arg)
{
    (void)r, (void)timeout_ms;
    CHECK(count < WAITING && argc <= WORDS);
    struct command *c = &waiting[count++];
    *c = (struct command){.count = argc, .done = done, .arg = arg};
    buf_init(&c->line, 1 << 20);
    for (int i = 0; i < argc; i++) {
        buf_init(&c->words[i], 1 << 20);
        buf_add(&c->words[i], argv[i], lengths == NULL ? strlen(argv[i]) : lengths[i]);
        buf_add_str(&c->line, i == 0 ? "" : " ");
        buf_add_str(&c->line, buf_str(&c->words[i]));
    }
}

void lua_args_init(struct lua_args *a)
{
    buf_init(&a->texts, 1 << 20);
    a->count = 0;
}

void lua_add(struct lua_args *a, const char *text)
{
    buf_add(&a->texts, text, strlen(text) + 1);
    a->count++;
}

void lua_add_int(struct lua_args *a, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    lua_add(a, text);
}

void lua_run(struct redis *r, const char *name, const char *prefix, struct lua_args *a, redis_done done, void *arg)
{
    const char *argv[WORDS] = {name, prefix}, *text = a->texts.data;
    CHECK(a->count + 2 <= WORDS);
    for (int i = 0; i < a->count; i++, text += strlen(text) + 1)
        argv[i + 2] = text;
    redis_command(r, a->count + 2, argv, NULL, 0, done, arg);
    buf_free(&a->texts);
}

static void answer(int rc, const struct redis_reply *r)
{
    CHECK(count > 0);
    struct command c = waiting[0];
    struct err e = {.rc = rc};
    (void)str_copy(e.text, sizeof e.text, rc == 0 ? "" : "Redis as the test says");
    count--;
    memmove(&waiting[0], &waiting[1], (size_t)count * sizeof waiting[0]);
    c.done(c.arg, rc, r, &e);
    forget(&c);
}

void redis_fakes_nil(void)
{
    answer(0, &(struct redis_reply){.type = REDIS_NIL});
}

void redis_fakes_int(int64_t n)
{
    answer(0, &(struct redis_reply){.type = REDIS_INT, .n = n});
}

void redis_fakes_str(const char *text, size_t len)
{
    answer(0, &(struct redis_reply){.type = REDIS_STR, .text = text, .len = len});
}

void redis_fakes_array(void)
{
    answer(0, &(struct redis_reply){.type = REDIS_ARRAY});
}

void redis_fakes_fail(int rc)
{
    answer(rc, NULL);
}

enum redis_type redis_type(const struct redis_reply *r)
{
    return r->type;
}

int64_t redis_int(const struct redis_reply *r)
{
    return r->n;
}

const char *redis_str(const struct redis_reply *r)
{
    return r->type == REDIS_STR ? r->text : "";
}

size_t redis_str_len(const struct redis_reply *r)
{
    return r->len;
}
