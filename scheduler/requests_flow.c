#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/store/lua_script.h"
#include "common/store/redis_keys.h"
#include "common/store/run.h"
#include "scheduler/phase.h"
#include "scheduler/request_entry.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Each request moves to the taking list, becomes a run (or a rejection) and only then leaves it: a scheduler that dies
 * in between leaves it there, and the next tick takes it again. One that PostgreSQL or Redis refuses stays there too,
 * is tried again in every tick, and holds up nobody. */
#define REQUESTS_PER_TICK 500
#define REJECTED_KEPT "999" /* and one: 1,000 of some 20 KiB at most */
#define REJECTED_SECONDS "604800"
#define REJECTION_BYTES_MAX ((size_t)8 * REQUEST_BYTES_MAX) /* a byte becomes six at most */

enum requests_state { COUNTING, LEFTOVER, TAKING, CREATING, TELLING, REJECTING, REMOVING, ROTATING };

struct requests_flow {
    struct service *s;
    enum requests_state state;
    int64_t leftovers;  /* of former ticks, not looked at yet */
    bool from_leftover; /* the request in hand is at the head of the taking list, else at its tail */
    int seen, failed;
    char *text; /* the request in hand, owned */
    size_t len;
    struct request_entry entry;
    struct run_answer answer;
    struct err why;   /* of the rejection, or of the failure */
    int pending;      /* commands of a rejection under way */
    struct err broke; /* the first of them that failed */
    bool *more;
    phase_done done;
    void *arg;
};

static void requests_wait(struct requests_flow *f, enum requests_state next);

static void requests_end(struct requests_flow *f, int rc, const struct err *e)
{
    phase_done done = f->done;
    void *arg = f->arg;
    struct err why = {0}; /* e may lie in f */
    if (rc != 0)
        (void)err_copy(&why, e);
    free(f->text);
    free(f);
    done(arg, rc, &why);
}

static void next_request(struct requests_flow *f)
{
    if (f->seen >= REQUESTS_PER_TICK) {
        *f->more |= f->failed < f->seen;
        requests_end(f, 0, NULL);
    } else if (f->leftovers > 0) {
        f->leftovers--;
        requests_wait(f, LEFTOVER);
    } else {
        requests_wait(f, TAKING);
    }
}

/* Without a server there is nothing to do; else the others have their turn. */
static void leave_request(struct requests_flow *f, int rc, const struct err *e)
{
    if (rc == ERR_DB_AWAY || rc == ERR_REDIS_AWAY || rc == ERR_TIMEOUT || rc == ERR_CANCELED) {
        requests_end(f, rc, e);
        return;
    }
    log_error("request left for the next tick", F_STR("id", f->entry.id), F_ERR(e));
    f->failed++;
    if (f->from_leftover)
        requests_wait(f, ROTATING);
    else
        next_request(f);
}

static void on_run(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    struct requests_flow *f = arg;
    if (rc == 0) {
        log_info("request taken", F_STR("run", a->id), F_BOOL("joined", a->existed));
        f->answer = *a;
        requests_wait(f, a->existed ? REMOVING : TELLING);
    } else if (rc == ERR_INPUT || rc == ERR_NOT_FOUND || rc == ERR_CONFLICT || rc == ERR_LIMIT) {
        (void)err_copy(&f->why, e);
        requests_wait(f, REJECTING);
    } else {
        leave_request(f, rc, e);
    }
}

static void take(struct requests_flow *f, const struct redis_reply *r)
{
    free(f->text);
    f->len = redis_str_len(r);
    f->text = malloc(f->len + 1);
    CHECK(f->text != NULL);
    memcpy(f->text, redis_str(r), f->len);
    f->text[f->len] = '\0';
    f->from_leftover = f->state == LEFTOVER;
    f->seen++;
    if (request_entry_parse(f->text, f->len, &f->entry, &f->why) != 0)
        requests_wait(f, REJECTING);
    else
        requests_wait(f, CREATING);
}

static void on_reply(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct requests_flow *f = arg;
    if (rc != 0) {
        requests_end(f, rc, e);
        return;
    }
    switch (f->state) {
    case COUNTING:
        f->leftovers = redis_int(r);
        next_request(f);
        return;
    case LEFTOVER:
        if (redis_type(r) == REDIS_STR)
            take(f, r);
        else
            requests_wait(f, TAKING);
        return;
    case TAKING:
        if (redis_type(r) == REDIS_STR)
            take(f, r);
        else
            requests_end(f, 0, NULL);
        return;
    case TELLING:
        requests_wait(f, REMOVING);
        return;
    case REMOVING:
    case ROTATING:
        next_request(f);
        return;
    case CREATING:
    case REJECTING:
        break;
    }
    CHECK(false);
}

/* ---- rejecting ---- */

static void on_rejected(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct requests_flow *f = arg;
    (void)r;
    if (rc != 0 && f->broke.rc == 0)
        (void)err_copy(&f->broke, e);
    if (--f->pending > 0)
        return;
    if (f->broke.rc != 0)
        leave_request(f, f->broke.rc, &f->broke);
    else
        requests_wait(f, REMOVING);
}

/* Says it in the run's place, unless there is a run: somebody else's words must not make it look rejected. */
static void on_named(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct requests_flow *f = arg;
    if (rc == 0 && redis_int(r) == 1) {
        char run[KEY_MAX];
        const char *error[] = {"HSET", redis_key(run, f->s->settings->queue_prefix, "run", f->entry.id), "error",
                               f->why.text};
        const char *expire[] = {"EXPIRE", run, REJECTED_SECONDS};
        f->pending += 2;
        redis_command(f->s->redis, 4, error, NULL, 0, on_rejected, f);
        redis_command(f->s->redis, 3, expire, NULL, 0, on_rejected, f);
    }
    on_rejected(f, rc, r, e);
}

static void write_rejection(const struct requests_flow *f, struct buf *out)
{
    buf_add_str(out, "{\"request\":");
    buf_add_json(out, f->len > REQUEST_BYTES_MAX ? "" : f->text);
    buf_add_str(out, ",\"id\":");
    if (f->entry.id[0] == '\0')
        buf_add_str(out, "null");
    else
        buf_add_json(out, f->entry.id);
    buf_add_str(out, ",\"reason\":");
    buf_add_json(out, f->why.text);
    buf_addf(out, ",\"at\":%" PRId64 "}", clk_wall_ms());
}

static void reject(struct requests_flow *f)
{
    const char *prefix = f->s->settings->queue_prefix;
    char list[KEY_MAX], run[KEY_MAX];
    struct buf entry;
    bool named = f->entry.id[0] != '\0';
    buf_init(&entry, REJECTION_BYTES_MAX);
    write_rejection(f, &entry);
    const char *push[] = {"LPUSH", redis_key(list, prefix, "requests", "rejected"), buf_str(&entry)};
    const char *trim[] = {"LTRIM", list, "0", REJECTED_KEPT};
    const char *state[] = {"HSETNX", redis_key(run, prefix, "run", f->entry.id), "status", "rejected"};
    log_warn("request rejected", F_STR("id", f->entry.id), F_ERR(&f->why));
    metric_add(M_REQUESTS_REJECTED, 1);
    f->pending = named ? 3 : 2;
    f->broke = (struct err){0};
    redis_command(f->s->redis, 3, push, NULL, 0, on_rejected, f);
    redis_command(f->s->redis, 4, trim, NULL, 0, on_rejected, f);
    if (named)
        redis_command(f->s->redis, 4, state, NULL, 0, on_named, f);
    buf_free(&entry);
}

/* ---- accepting ---- */

/* Whoever gave an id can watch the run from now on; enqueueing takes away what an earlier rejection left. */
static void tell(struct requests_flow *f)
{
    char run[KEY_MAX];
    const char *argv[] = {"HSET",          redis_key(run, f->s->settings->queue_prefix, "run", f->answer.id),
                          "status",        "queued",
                          "kind",          f->entry.kind,
                          "error",         "",
                          "connection_id", f->entry.connection_id};
    redis_command(f->s->redis, 10, argv, NULL, 0, on_reply, f);
}

static void remove_taken(struct requests_flow *f, const char *taking)
{
    const char *argv[] = {"LREM", taking, "1", f->text};
    const size_t lengths[] = {4, strlen(taking), 1, f->len};
    redis_command(f->s->redis, 4, argv, lengths, 0, on_reply, f);
}

/* A byte more than can be read says that it is too long. */
static void ask_for_request(struct requests_flow *f)
{
    struct lua_args args;
    lua_args_init(&args);
    lua_add_int(&args, REQUEST_BYTES_MAX + 1);
    lua_add(&args, f->state == LEFTOVER ? "leftover" : "new");
    lua_run(f->s->redis, "request_take", f->s->settings->queue_prefix, &args, on_reply, f);
}

/* The only place that changes f->state: starts what `next` awaits. */
static void requests_wait(struct requests_flow *f, enum requests_state next)
{
    const char *prefix = f->s->settings->queue_prefix;
    char taking[KEY_MAX];
    (void)redis_key(taking, prefix, "requests", "taking");
    f->state = next;
    switch (next) {
    case COUNTING:
        redis_command(f->s->redis, 2, (const char *[]){"LLEN", taking}, NULL, 0, on_reply, f);
        break;
    case LEFTOVER:
    case TAKING:
        ask_for_request(f);
        break;
    case CREATING:
        run_create(f->s->db, &f->entry.request, on_run, f);
        break;
    case TELLING:
        tell(f);
        break;
    case REJECTING:
        reject(f);
        break;
    case REMOVING:
        remove_taken(f, taking);
        break;
    case ROTATING:
        redis_command(f->s->redis, 5, (const char *[]){"LMOVE", taking, taking, "LEFT", "RIGHT"}, NULL, 0, on_reply, f);
        break;
    }
}

void requests_flow_start(struct service *s, bool *more, phase_done done, void *arg)
{
    struct requests_flow *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    f->s = s;
    f->more = more;
    f->done = done;
    f->arg = arg;
    requests_wait(f, COUNTING);
}
