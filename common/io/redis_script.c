#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/sha1.h"
#include "common/base/str.h"
#include "common/io/redis_parts.h"
#include <stdlib.h>
#include <string.h>

/* Scripts go by their SHA-1. Redis forgets them at a restart or SCRIPT FLUSH and then answers NOSCRIPT: the call is
 * sent once more with the whole text, which runs and keeps it, so nothing can be forgotten in between. */

struct eval {
    struct redis *r;
    const struct redis_script *script;
    int words;       /* in args */
    struct buf args; /* encoded: number of keys, key, arguments */
    redis_done done;
    void *arg;
};

void redis_script_prepare(struct redis_script *s)
{
    sha1_hex(s->text, strlen(s->text), s->sha);
}

static void send(struct eval *v, const char *command, const char *script, redis_done done)
{
    struct buf b;

    buf_init(&b, REDIS_COMMAND_BYTES_MAX);
    redis_add_count(&b, 2 + v->words);
    redis_add_bulk(&b, command, strlen(command));
    redis_add_bulk(&b, script, strlen(script));
    buf_add(&b, v->args.data, v->args.len);
    b.overflow = b.overflow || v->args.overflow;
    redis_send(v->r, &b, 0, done, v);
    buf_free(&b);
}

static void on_eval(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    struct eval *v = arg;

    v->done(v->arg, rc, reply, e);
    buf_free(&v->args);
    free(v);
}

static void on_evalsha(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    struct eval *v = arg;

    if (rc == ERR_REDIS && str_starts(e->text, "NOSCRIPT"))
        send(v, "EVAL", v->script->text, on_eval);
    else
        on_eval(v, rc, reply, e);
}

void redis_eval(struct redis *r, const struct redis_script *s, const char *key, int argc, const char *const *argv,
                redis_done done, void *arg)
{
    struct eval *v = mem_new(1, sizeof *v);

    CHECK(s->sha[0]);
    v->r = r;
    v->script = s;
    v->words = 2 + argc;
    v->done = done;
    v->arg = arg;
    buf_init(&v->args, REDIS_COMMAND_BYTES_MAX);
    redis_add_bulk(&v->args, "1", 1);
    redis_add_bulk(&v->args, key, strlen(key));
    for (int i = 0; i < argc; i++)
        redis_add_bulk(&v->args, argv[i], strlen(argv[i]));
    send(v, "EVALSHA", s->sha, on_evalsha);
}
