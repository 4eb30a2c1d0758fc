#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/queue_parts.h"

/* What workers do with jobs: each function one script, its answer handed on in C's terms. */

struct op {
    void (*claimed)(void *arg, int rc, const struct queue_claimed *jobs, int count, int64_t next_ms,
                    const struct err *e);
    void (*beaten)(void *arg, int rc, const enum beat_word *words, int count, const struct err *e);
    void (*granted)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e);
    void (*finished)(void *arg, int rc, bool stale, const struct err *e);
    void (*reaped)(void *arg, int rc, int reaped, int promoted, const struct err *e);
    void *arg;
};

static struct op *op_new(void *arg)
{
    struct op *op = mem_new(1, sizeof *op);
    op->arg = arg;
    return op;
}

static int64_t int_at(const struct redis_reply *r, int i)
{
    return redis_int(redis_at(r, i));
}

/* ---- claim ---- */

static void on_claimed(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct op *op = arg;
    struct queue_claimed jobs[QUEUE_CLAIM_MAX];
    int count = 0;
    for (int at = 1; rc == 0 && at + 2 < redis_count(r) && count < QUEUE_CLAIM_MAX; at += 3) {
        struct queue_claimed *j = &jobs[count];
        /* an id that does not fit is none of ours: its lease runs out */
        if (str_copy(j->id, sizeof j->id, redis_str(redis_at(r, at))) &&
            str_copy(j->token, sizeof j->token, redis_str(redis_at(r, at + 1))) &&
            str_copy(j->lane, sizeof j->lane, redis_str(redis_at(r, at + 2))))
            count++;
    }
    op->claimed(op->arg, rc, jobs, count, rc == 0 ? int_at(r, 0) : -1, e);
    free(op);
}

void queue_claim(struct queue *q, const char *worker, int want, int want_low, int64_t lease_ms,
                 void (*done)(void *arg, int rc, const struct queue_claimed *jobs, int count, int64_t next_ms,
                              const struct err *e),
                 void *arg)
{
    struct op *op = op_new(arg);
    struct lua_args a;
    char nonce[UUID_TEXT];
    op->claimed = done;
    uuid_make(nonce);
    lua_args_init(&a);
    lua_add(&a, worker);
    lua_add_int(&a, want < QUEUE_CLAIM_MAX ? want : QUEUE_CLAIM_MAX);
    lua_add_int(&a, want_low);
    lua_add_int(&a, lease_ms);
    lua_add(&a, nonce);
    lua_run(q->r, "claim", q->prefix, &a, on_claimed, op);
}

/* ---- beat ---- */

static void on_beaten(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct op *op = arg;
    const int count = rc == 0 ? redis_count(r) : 0;
    enum beat_word *words = mem_new((size_t)count + 1, sizeof *words);
    for (int i = 0; i < count; i++)
        words[i] = int_at(r, i) == 1 ? BEAT_GOOD : BEAT_STALE;
    op->beaten(op->arg, rc, words, count, e);
    free(words);
    free(op);
}

void queue_beat(struct queue *q, const char *worker, const char *info_json, int64_t lease_ms,
                const struct queue_beat *jobs, int count,
                void (*done)(void *arg, int rc, const enum beat_word *words, int count, const struct err *e), void *arg)
{
    struct op *op = op_new(arg);
    struct lua_args a;
    op->beaten = done;
    lua_args_init(&a);
    lua_add(&a, worker);
    lua_add(&a, info_json);
    lua_add_int(&a, lease_ms);
    for (int i = 0; i < count; i++) {
        lua_add(&a, jobs[i].id);
        lua_add(&a, jobs[i].token);
        lua_add_int(&a, jobs[i].page);
        lua_add_int(&a, jobs[i].rows);
    }
    lua_run(q->r, "beat", q->prefix, &a, on_beaten, op);
}

/* ---- grant ---- */

static void on_granted(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct op *op = arg;
    const int64_t word = rc == 0 ? int_at(r, 0) : 0;
    struct err stale;
    if (word < 0) {
        rc = err_set(&stale, ERR_FENCED, "the job's lease went to another");
        e = &stale;
    }
    op->granted(op->arg, rc, word == 1, rc == 0 ? int_at(r, 1) : 0, e);
    free(op);
}

static void add_feedback(struct lua_args *a, const struct call_feedback *f)
{
    lua_add_int(a, f->refund);
    lua_add_quota(a, &f->account);
    lua_add_quota(a, &f->app);
    lua_add_int(a, f->allowed);
}

void queue_grant(struct queue *q, const char *id, const char *token, const struct call_feedback *f,
                 void (*done)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e), void *arg)
{
    struct op *op = op_new(arg);
    struct lua_args a;
    op->granted = done;
    lua_args_init(&a);
    lua_add(&a, id);
    lua_add(&a, token);
    lua_add_int(&a, f->calls);
    add_feedback(&a, f);
    lua_run(q->r, "grant", q->prefix, &a, on_granted, op);
}

/* ---- finish ---- */

static void on_finished(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct op *op = arg;
    op->finished(op->arg, rc, rc == 0 && redis_int(r) == 0, e);
    free(op);
}

void queue_finish(struct queue *q, const struct queue_finish *f,
                  void (*done)(void *arg, int rc, bool stale, const struct err *e), void *arg)
{
    static const char *const hows[] = {[FINISH_DONE] = "done",
                                       [FINISH_RETRY] = "retry",
                                       [FINISH_YIELD] = "yield",
                                       [FINISH_DEAD] = "dead",
                                       [FINISH_DROP] = "drop"};
    struct op *op = op_new(arg);
    struct lua_args a;
    op->finished = done;
    lua_args_init(&a);
    lua_add(&a, f->id);
    lua_add(&a, f->token);
    lua_add(&a, hows[f->how]);
    lua_add_int(&a, f->delay_ms);
    lua_add(&a, f->error);
    add_feedback(&a, &f->feedback);
    lua_add(&a, f->run_id);
    lua_add_int(&a, f->run_ended);
    lua_add(&a, f->event_json);
    lua_add_int(&a, f->wake_plan);
    queue_add_fields(&a, f->run_fields);
    lua_run(q->r, "finish", q->prefix, &a, on_finished, op);
}

/* ---- reap ---- */

static void on_reaped(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct op *op = arg;
    op->reaped(op->arg, rc, rc == 0 ? (int)int_at(r, 0) : 0, rc == 0 ? (int)int_at(r, 1) : 0, e);
    free(op);
}

void queue_reap(struct queue *q, int limit,
                void (*done)(void *arg, int rc, int reaped, int promoted, const struct err *e), void *arg)
{
    struct op *op = op_new(arg);
    struct lua_args a;
    op->reaped = done;
    lua_args_init(&a);
    lua_add_int(&a, limit);
    lua_run(q->r, "reap", q->prefix, &a, on_reaped, op);
}
