#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/queue_parts.h"
#include "common/store/redis_keys.h"

enum {
    ENQUEUE_BATCH = 200,  /* jobs in one script: a few milliseconds of Redis */
    MISSING_BATCH = 1000, /* ids in one script */
    CLEAR_LIMIT = 500     /* of each kind in one script */
};

struct queue *queue_new(struct redis *r, const char *prefix)
{
    struct queue *q = mem_new(1, sizeof *q);
    CHECK(str_copy(q->prefix, sizeof q->prefix, prefix));
    q->r = r;
    return q;
}

void queue_free(struct queue *q)
{
    free(q);
}

const char *queue_prefix(const struct queue *q)
{
    return q->prefix;
}

void queue_add_fields(struct lua_args *a, const char *const *fields)
{
    for (; fields != NULL && *fields != NULL; fields++)
        lua_add(a, *fields);
}

/* ---- one script for many things: sent in batches, answered when the last answer is there ---- */

struct batch {
    struct batches *all;
    int from; /* its first thing */
};
struct batches {
    struct batch *each;
    int count, batches, waiting; /* things; batches; answers still to come */
    int rc;                      /* of the first batch that failed */
    struct err e;
    int sum;     /* of the answers that are numbers */
    bool *flags; /* of those that are lists: one per thing */
    void (*done)(struct batches *b);
    void (*added)(void *arg, int rc, int added, const struct err *e);
    void (*missing)(void *arg, int rc, const bool *missing, int count, const struct err *e);
    queue_done plain;
    void *arg;
};

/* Nothing to do is a round trip too: nobody is called back at once. */
static struct batches *batches_new(int count, int size, void (*done)(struct batches *b), void *arg)
{
    struct batches *b = mem_new(1, sizeof *b);
    CHECK(count >= 0);
    b->count = count;
    b->waiting = b->batches = count == 0 ? 1 : (count + size - 1) / size;
    b->each = mem_new((size_t)b->batches, sizeof *b->each);
    CHECK(b->batches > 0);
    for (int i = 0; i < b->batches; i++)
        b->each[i] = (struct batch){.all = b, .from = i * size};
    b->done = done;
    b->arg = arg;
    return b;
}

static void on_batch(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    const struct batch *batch = arg;
    struct batches *b = batch->all;
    if (rc != 0 && b->rc == 0) {
        b->rc = rc;
        (void)err_copy(&b->e, e);
    }
    if (rc == 0 && b->flags != NULL) {
        for (int i = 0; i < redis_count(r) && batch->from + i < b->count; i++)
            b->flags[batch->from + i] = redis_int(redis_at(r, i)) == 1;
    } else if (rc == 0) {
        b->sum += (int)redis_int(r);
    }
    if (--b->waiting > 0)
        return;
    b->done(b);
    free(b->flags);
    free(b->each);
    free(b);
}

static const struct err *error_of(const struct batches *b)
{
    return b->rc == 0 ? NULL : &b->e;
}

static void enqueue_done(struct batches *b)
{
    b->added(b->arg, b->rc, b->sum, error_of(b));
}

static void add_job(struct lua_args *a, const struct queue_job *j)
{
    char domain[KEY_MAX];
    lua_add(a, j->id);
    lua_add(a, j->run_id);
    lua_add(a, j->connection_id);
    lua_add(a, redis_key(domain, j->provider, j->account, NULL));
    lua_add(a, j->kind);
    lua_add(a, j->from);
    lua_add(a, j->to);
    lua_add(a, j->lane);
    lua_add_int(a, j->attempts);
    lua_add_int(a, j->deliveries);
    lua_add_int(a, j->delay_ms);
    lua_add_int(a, j->calls);
}

void queue_enqueue(struct queue *q, const struct queue_job *jobs, int count,
                   void (*done)(void *arg, int rc, int added, const struct err *e), void *arg)
{
    struct batches *b = batches_new(count, ENQUEUE_BATCH, enqueue_done, arg);
    b->added = done;
    for (int n = 0; n < b->batches; n++) {
        struct lua_args a;
        lua_args_init(&a);
        for (int i = b->each[n].from; i < count && i < b->each[n].from + ENQUEUE_BATCH; i++)
            add_job(&a, &jobs[i]);
        lua_run(q->r, "enqueue", q->prefix, &a, on_batch, &b->each[n]);
    }
}

static void missing_done(struct batches *b)
{
    b->missing(b->arg, b->rc, b->rc == 0 ? b->flags : NULL, b->rc == 0 ? b->count : 0, error_of(b));
}

void queue_missing(struct queue *q, const char *const *ids, const char *const *lanes, int count,
                   void (*done)(void *arg, int rc, const bool *missing, int count, const struct err *e), void *arg)
{
    struct batches *b = batches_new(count, MISSING_BATCH, missing_done, arg);
    b->missing = done;
    b->flags = mem_new((size_t)count + 1, sizeof *b->flags);
    for (int n = 0; n < b->batches; n++) {
        struct lua_args a;
        lua_args_init(&a);
        for (int i = b->each[n].from; i < count && i < b->each[n].from + MISSING_BATCH; i++) {
            lua_add(&a, ids[i]);
            lua_add(&a, lanes[i]);
        }
        lua_run(q->r, "missing", q->prefix, &a, on_batch, &b->each[n]);
    }
}

static void plain_done(struct batches *b)
{
    b->plain(b->arg, b->rc, error_of(b));
}

void queue_remove(struct queue *q, const char *const *ids, int count, queue_done done, void *arg)
{
    struct batches *b = batches_new(count, MISSING_BATCH, plain_done, arg);
    b->plain = done;
    for (int n = 0; n < b->batches; n++) {
        struct lua_args a;
        lua_args_init(&a);
        for (int i = b->each[n].from; i < count && i < b->each[n].from + MISSING_BATCH; i++)
            lua_add(&a, ids[i]);
        lua_run(q->r, "remove", q->prefix, &a, on_batch, &b->each[n]);
    }
}

/* ---- the whole queue, the runs ---- */

struct clearing {
    struct queue *q;
    queue_done done;
    void *arg;
};

static void clear_more(struct clearing *c);

static void on_cleared(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct clearing *c = arg;
    if (rc == 0 && redis_int(r) > 0) {
        clear_more(c);
        return;
    }
    c->done(c->arg, rc, e);
    free(c);
}

static void clear_more(struct clearing *c)
{
    struct lua_args a;
    lua_args_init(&a);
    lua_add_int(&a, CLEAR_LIMIT);
    lua_run(c->q->r, "clear", c->q->prefix, &a, on_cleared, c);
}

void queue_clear(struct queue *q, queue_done done, void *arg)
{
    struct clearing *c = mem_new(1, sizeof *c);
    *c = (struct clearing){.q = q, .done = done, .arg = arg};
    clear_more(c);
}

static struct batch *one_answer(queue_done done, void *arg)
{
    struct batches *b = batches_new(1, 1, plain_done, arg);
    b->plain = done;
    return &b->each[0];
}

static void tell_schedulers(struct queue *q, const char *what, queue_done done, void *arg)
{
    char key[KEY_MAX];
    const char *argv[] = {"PUBLISH", redis_key(key, q->prefix, "plan", NULL), what};
    redis_command(q->r, 3, argv, NULL, 0, on_batch, one_answer(done, arg));
}

void queue_wake_scheduler(struct queue *q, queue_done done, void *arg)
{
    tell_schedulers(q, "1", done, arg);
}

void queue_wake_for_all(struct queue *q, queue_done done, void *arg)
{
    tell_schedulers(q, "all", done, arg);
}

void queue_run_update(struct queue *q, const char *run_id, const char *const *fields, bool ended,
                      const char *event_json, queue_done done, void *arg)
{
    struct lua_args a;
    lua_args_init(&a);
    lua_add(&a, run_id);
    lua_add_int(&a, ended);
    lua_add(&a, event_json);
    queue_add_fields(&a, fields);
    lua_run(q->r, "run_update", q->prefix, &a, on_batch, one_answer(done, arg));
}
