#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/redis_parts.h"
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* Commands on their way: a list of ours, answered in the order in which they were sent. */

enum { COMMAND_TIMEOUT_MS = 5000 };

struct command {
    struct command *next;
    struct redis *r;
    redis_done done;
    void *arg;
    struct timer *deadline;
    int64_t timeout_ms;
    struct err e; /* why it ends without an answer */
};

static void on_unanswered(void *arg)
{
    struct command *cmd = arg;

    cmd->done(cmd->arg, cmd->e.rc, NULL, &cmd->e);
    redis_release(cmd->r);
    free(cmd);
}

/* Ends a command that has no answer, on the next turn. */
static void end_unanswered(struct command *cmd)
{
    timer_cancel(cmd->deadline);
    cmd->deadline = NULL;
    cmd->r->open++;
    loop_defer(cmd->r->loop, on_unanswered, cmd);
}

void redis_end_all(struct redis *r, const struct err *e)
{
    while (r->sent) {
        struct command *cmd = r->sent;
        r->sent = cmd->next;
        if (cmd->e.rc == 0)
            err_copy(&cmd->e, e);
        end_unanswered(cmd);
    }
    r->sent_end = &r->sent;
}

static void on_deadline(void *arg)
{
    struct command *cmd = arg;
    char reason[64];

    cmd->deadline = NULL;
    snprintf(reason, sizeof reason, "no answer within %lld ms", (long long)cmd->timeout_ms);
    err_set(&cmd->e, ERR_TIMEOUT, "Redis at %s: %s", cmd->r->place, reason);
    redis_drop(cmd->r, reason); /* an answer that comes late would be taken for the next command's */
}

static struct command *new_command(struct redis *r, int64_t timeout_ms, redis_done done, void *arg)
{
    struct command *cmd = mem_new(1, sizeof *cmd);

    cmd->r = r;
    cmd->done = done;
    cmd->arg = arg;
    cmd->timeout_ms = timeout_ms > 0 ? timeout_ms : COMMAND_TIMEOUT_MS;
    return cmd;
}

static void put_on_wire(struct command *cmd, const struct buf *bytes)
{
    struct redis *r = cmd->r;

    buf_add(&r->out, bytes->data, bytes->len); /* what finds no room drops the connection when it is sent */
    *r->sent_end = cmd;
    r->sent_end = &cmd->next;
    cmd->deadline = timer_start(r->loop, cmd->timeout_ms, on_deadline, cmd);
    redis_watch(r, UV_READABLE | UV_WRITABLE);
}

void redis_send(struct redis *r, const struct buf *bytes, int64_t timeout_ms, redis_done done, void *arg)
{
    struct command *cmd = new_command(r, timeout_ms, done, arg);

    CHECK(!r->channel); /* a subscriber sends no commands */
    if (bytes->overflow)
        err_set(&cmd->e, ERR_LIMIT, "a command for Redis is larger than %d bytes, or than there is memory",
                REDIS_COMMAND_BYTES_MAX);
    else if (r->state == CLOSED)
        err_set(&cmd->e, ERR_CANCELED, "the connection to Redis is closed");
    else if (r->state != READY)
        err_copy(&cmd->e, &r->why);
    if (cmd->e.rc != 0)
        end_unanswered(cmd);
    else
        put_on_wire(cmd, bytes);
}

static void encode(struct buf *b, int argc, const char *const *argv, const size_t *lengths)
{
    buf_init(b, REDIS_COMMAND_BYTES_MAX);
    redis_add_count(b, argc);
    for (int i = 0; i < argc; i++)
        redis_add_bulk(b, argv[i], lengths ? lengths[i] : strlen(argv[i]));
}

void redis_command(struct redis *r, int argc, const char *const *argv, const size_t *lengths, int64_t timeout_ms,
                   redis_done done, void *arg)
{
    struct buf b;

    encode(&b, argc, argv, lengths);
    redis_send(r, &b, timeout_ms, done, arg);
    buf_free(&b);
}

static void on_push(struct redis *r, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR) { /* as "max number of clients reached" */
        redis_drop(r, reply->str);
    } else if (r->channel && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
               reply->element[2]->type == REDIS_REPLY_STRING) {
        r->on_message(r->message_arg, reply->element[2]->str, reply->element[2]->len);
    } else {
        redis_drop(r, "an answer that nobody asked for");
    }
}

/* Errors that say that this Redis cannot serve now, though another, or the same one later, can. */
static bool says_away(const char *text)
{
    return str_starts(text, "LOADING ") || str_starts(text, "READONLY ") || str_starts(text, "MASTERDOWN ");
}

void redis_answer(struct redis *r, const redisReply *reply)
{
    struct command *cmd = r->sent;
    struct err e = {0};

    if (!cmd) {
        on_push(r, reply);
        return;
    }
    r->sent = cmd->next;
    if (!r->sent)
        r->sent_end = &r->sent;
    if (reply->type == REDIS_REPLY_ERROR && says_away(reply->str)) {
        err_set(&cmd->e, ERR_REDIS_AWAY, "Redis at %s: %s", r->place, reply->str);
        end_unanswered(cmd);
        redis_drop(r, reply->str);
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR)
        err_set(&e, ERR_REDIS, "%s", reply->str);
    else if (r->state == READY)
        r->failures = 0;
    timer_cancel(cmd->deadline);
    cmd->done(cmd->arg, e.rc, e.rc == 0 ? (const struct redis_reply *)(const void *)reply : NULL, &e);
    free(cmd);
}

void redis_say(struct redis *r, redis_done done, int argc, const char *const *argv)
{
    struct buf b;

    encode(&b, argc, argv, NULL);
    put_on_wire(new_command(r, 0, done, r), &b);
    explicit_bzero(b.data, b.len);
    buf_free(&b);
    r->greetings++;
}

static void on_subscribed(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    (void)reply;
    if (rc == ERR_REDIS)
        redis_drop(arg, e->text);
}

void redis_subscribe(struct redis *r, const char *channel, void (*on_message)(void *arg, const char *text, size_t len),
                     void *arg)
{
    CHECK(!r->channel);
    r->channel = str_dup(channel);
    r->on_message = on_message;
    r->message_arg = arg;
    if (r->state == GREETING)
        redis_say(r, redis_on_greeted, 2, (const char *[]){"SUBSCRIBE", channel});
    else if (r->state == READY)
        redis_say(r, on_subscribed, 2, (const char *[]){"SUBSCRIBE", channel});
}

struct waiter {
    void (*each)(void *arg, const struct redis_reply *reply);
    void *arg;
    int rc, done;
    struct err *e;
};

static void on_waited(void *arg, int rc, const struct redis_reply *reply, const struct err *e)
{
    struct waiter *w = arg;

    w->rc = rc;
    if (rc != 0)
        err_copy(w->e, e);
    else if (w->each)
        w->each(w->arg, reply);
    w->done = 1;
}

int redis_command_wait(struct loop *l, struct redis *r, int argc, const char *const *argv,
                       void (*each)(void *arg, const struct redis_reply *reply), void *arg, struct err *e)
{
    struct waiter w = {.each = each, .arg = arg, .e = e};

    loop_run_until(l, &r->settled); /* a connection that is just being made */
    redis_command(r, argc, argv, NULL, 0, on_waited, &w);
    loop_run_until(l, &w.done);
    return w.rc;
}
