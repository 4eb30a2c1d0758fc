#include "common/base/backoff.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/db_parts.h"
#include <stdlib.h>
#include <string.h>

/* Events only mark; on_turn hands waiting work to idle connections and opens further ones. done is called on a turn of
 * its own, so nobody's callback runs while a list of the pool is walked. */

enum { TIMEOUT_MS = 60000, BACKOFF_BASE_MS = 50, BACKOFF_CAP_MS = 2000, HANGS_MS = 500 };

static void on_turn(void *arg);

static void wake(struct db_pool *p)
{
    if (p->turn_waiting)
        return;
    p->turn_waiting = true;
    p->open++;
    loop_defer(p->loop, on_turn, p);
}

void pool_release(struct db_pool *p)
{
    void (*closed)(void *arg) = p->closed;
    void *arg = p->closed_arg;

    if (--p->open > 0 || !p->closing)
        return;
    PQconninfoFree(p->options);
    free(p->name);
    free(p);
    closed(arg);
}

/* ---- operations ---- */

static void unlink_waiting(struct db_op *op)
{
    struct db_pool *p = op->pool;

    *(op->prev ? &op->prev->next : &p->first) = op->next;
    *(op->next ? &op->next->prev : &p->last) = op->prev;
    op->prev = op->next = NULL;
    p->waiting--;
    metric_add(M_DB_WAITING, -1);
}

static void deliver(void *arg)
{
    struct db_op *op = arg;
    struct db_pool *p = op->pool;

    op->done(op->arg, op->e.rc, &op->results, &op->e);
    results_clear(&op->results);
    free(op->results.steps);
    free(op->steps);
    free(op);
    pool_release(p);
}

void op_end(struct db_op *op)
{
    CHECK(op->state != OP_ENDED);
    if (op->state == OP_WAITING)
        unlink_waiting(op);
    timer_cancel(op->deadline);
    op->deadline = NULL;
    op->conn = NULL;
    op->state = OP_ENDED;
    loop_defer(op->pool->loop, deliver, op); /* op->pool->open counts it since db_run */
}

void op_stopped(struct db_op *op)
{
    if (op->stop == ERR_CANCELED)
        err_set(&op->e, ERR_CANCELED, "the database operation was cancelled");
    else
        err_set(&op->e, ERR_TIMEOUT, "PostgreSQL did not finish within %lld ms", (long long)op->timeout_ms);
}

static void stop(struct db_op *op, int why)
{
    bool stopping = op->stop != 0;

    op->stop = why;
    if (op->state == OP_RUNNING && !stopping)
        conn_stop(op->conn);
    if (op->state != OP_WAITING)
        return;
    op_stopped(op);
    if (why == ERR_TIMEOUT && !db_pool_ready(op->pool))
        err_copy(&op->e, &op->pool->why);
    else if (why == ERR_TIMEOUT)
        err_set(&op->e, ERR_TIMEOUT, "no database connection was free within %lld ms", (long long)op->timeout_ms);
    op_end(op);
}

static void on_deadline(void *arg)
{
    struct db_op *op = arg;

    op->deadline = NULL;
    if (op->stop == 0)
        stop(op, ERR_TIMEOUT);
}

void db_cancel(struct db_op *op)
{
    if (op->state != OP_ENDED) {
        stop(op, ERR_CANCELED);
        return;
    }
    op->results.unsure = op->results.unsure || op->e.rc == 0; /* it is done, but nobody may rely on it */
    op->stop = ERR_CANCELED;
    op_stopped(op);
}

/* The list with all parameters in one piece of memory. */
static struct db_step *copy_steps(const struct db_step *steps, int count)
{
    size_t size = (size_t)count * sizeof *steps;
    struct db_step *copies;

    for (int i = 0; i < count; i++) {
        size += (size_t)steps[i].count * sizeof(char *);
        for (int k = 0; k < steps[i].count; k++)
            size += steps[i].params[k] ? strlen(steps[i].params[k]) + 1 : 0;
    }
    copies = mem_new(1, size);
    memcpy(copies, steps, (size_t)count * sizeof *steps);

    const char **param = (const char **)(void *)(copies + count);
    char *text = (char *)param;
    for (int i = 0; i < count; i++)
        text += (size_t)steps[i].count * sizeof(char *);
    for (int i = 0; i < count; i++) {
        copies[i].params = param;
        for (int k = 0; k < steps[i].count; k++, param++) {
            const char *value = steps[i].params[k];
            size_t bytes = value ? strlen(value) + 1 : 0;
            *param = value ? memcpy(text, value, bytes) : NULL;
            text += bytes;
        }
    }
    return copies;
}

struct db_op *db_run(struct db_pool *p, enum db_mode mode, const struct db_step *steps, int count, int64_t timeout_ms,
                     db_done done, void *arg)
{
    struct db_op *op = mem_new(1, sizeof *op);

    CHECK(count > 0);
    if (p->view.of) {
        struct db_step *all = view_steps(&p->view, steps, count);
        op->steps = copy_steps(all, ++count);
        op->results.skip = 1;
        free(all);
        mode = DB_TX;
        p = p->view.of;
    } else {
        op->steps = copy_steps(steps, count);
    }
    op->pool = p;
    op->mode = mode;
    op->count = count;
    op->timeout_ms = timeout_ms > 0 ? timeout_ms : TIMEOUT_MS;
    op->done = done;
    op->arg = arg;
    op->results.steps = mem_new((size_t)count, sizeof(PGresult *));
    op->results.count = count;
    op->prev = p->last;
    *(p->last ? &p->last->next : &p->first) = op;
    p->last = op;
    p->waiting++;
    metric_add(M_DB_WAITING, 1);
    p->open++;
    if (p->closing) {
        stop(op, ERR_CANCELED);
        return op;
    }
    op->deadline = timer_start(p->loop, op->timeout_ms, on_deadline, op);
    wake(p);
    return op;
}

/* ---- connections ---- */

bool db_pool_ready(const struct db_pool *p)
{
    if (p->view.of)
        p = p->view.of;
    for (const struct db_conn *c = p->conns; c; c = c->next) {
        if (c->state == CONN_IDLE || c->state == CONN_RUNNING)
            return true;
    }
    return false;
}

/* As many as there is work waiting, one at least; one at a time while PostgreSQL does not answer. */
static void open_more(struct db_pool *p)
{
    int open = 0, coming = 0, wanted = p->waiting;

    if (p->retry)
        return;
    for (const struct db_conn *c = p->conns; c; c = c->next) {
        open++;
        coming += c->state < CONN_IDLE;
    }
    if (open == 0 && wanted == 0)
        wanted = 1;
    if (p->failures > 0 && wanted > 1)
        wanted = 1;
    for (; coming < wanted && open < p->connections_max; coming++, open++)
        conn_open(p);
}

static const char *statement(const struct db_op *op)
{
    return op->steps[op->results.skip].sql;
}

static bool hangs(const struct db_conn *c, int64_t now_ms)
{
    return c->state == CONN_RUNNING && now_ms - c->steps.op->began_ms > HANGS_MS;
}

static bool hangs_elsewhere(const struct db_pool *p, const struct db_op *op, int64_t now_ms)
{
    for (const struct db_conn *c = p->conns; c; c = c->next) {
        if (hangs(c, now_ms) && strcmp(statement(c->steps.op), statement(op)) == 0)
            return true;
    }
    return false;
}

/* What an idle connection is to run; NULL: all that waits hangs elsewhere, and this is the last connection. */
static struct db_op *next_op(const struct db_pool *p)
{
    const int64_t now_ms = clk_mono_ms();
    struct db_op *op = p->first;
    int hanging = 0;

    for (const struct db_conn *c = p->conns; p->keeps_one && c; c = c->next)
        hanging += hangs(c, now_ms);
    while (op && hanging > 0 && hanging >= p->connections_max - 1 && hangs_elsewhere(p, op, now_ms))
        op = op->next;
    return op;
}

static void on_turn(void *arg)
{
    struct db_pool *p = arg;

    p->turn_waiting = false;
    for (struct db_conn *c = p->conns, *next; c && p->first; c = next) {
        next = c->next; /* a broken one is gone afterwards */
        struct db_op *op = c->state == CONN_IDLE ? next_op(p) : NULL;
        if (op) {
            unlink_waiting(op);
            op->began_ms = clk_mono_ms();
            conn_run(c, op);
        }
    }
    if (!p->closing)
        open_more(p);
    pool_release(p);
}

static void on_retry(void *arg)
{
    struct db_pool *p = arg;

    p->retry = NULL;
    wake(p);
}

void pool_conn_ready(struct db_conn *c)
{
    c->pool->failures = 0;
    wake(c->pool);
}

/* Waiting longer does not help when the server knows us and says no: class 28, or there is no such database. */
static bool is_refusal(const char *sqlstate)
{
    return str_starts(sqlstate, "28") || strcmp(sqlstate, "3D000") == 0;
}

void pool_conn_gone(struct db_conn *c, const struct err *why, const char *sqlstate)
{
    struct db_pool *p = c->pool;

    conn_close(c);
    wake(p);
    if (!why || p->closing)
        return;
    err_copy(&p->why, why);
    p->failures++;
    if (!p->retry)
        p->retry = timer_start(p->loop, backoff_ms(p->failures, BACKOFF_BASE_MS, BACKOFF_CAP_MS), on_retry, p);
    while (is_refusal(sqlstate) && !db_pool_ready(p) && p->first) {
        err_copy(&p->first->e, why);
        op_end(p->first);
    }
}

int db_pool_new(struct loop *l, const char *url, int connections, const char *name, struct db_pool **out, struct err *e)
{
    char *words = NULL; /* not for people: they quote the password */
    PQconninfoOption *options = PQconninfoParse(url, &words);

    if (!options) {
        bool lack = !words || strstr(words, "out of memory");
        if (words)
            explicit_bzero(words, strlen(words));
        PQfreemem(words);
        return lack ? err_set(e, ERR_NO_MEMORY, "libpq had no memory")
                    : err_set(e, ERR_SETTING, "DATABASE_URL is no connection string or URL that libpq understands");
    }
    struct db_pool *p = mem_new(1, sizeof *p);
    CHECK(connections > 0);
    p->loop = l;
    p->options = options;
    p->name = str_dup(name);
    p->connections_max = connections;
    err_set(&p->why, ERR_DB_AWAY, "still connecting to PostgreSQL");
    wake(p);
    *out = p;
    return 0;
}

void db_pool_act_as(struct db_pool *p, const char *role)
{
    CHECK(!p->conns);
    p->role = role;
}

void db_pool_keep_one(struct db_pool *p)
{
    p->keeps_one = true;
}

void db_pool_close(struct db_pool *p, void (*closed)(void *arg), void *arg)
{
    CHECK(!p->closing);
    p->closing = true;
    p->closed = closed;
    p->closed_arg = arg;
    timer_cancel(p->retry);
    p->retry = NULL;
    while (p->first)
        stop(p->first, ERR_CANCELED);
    for (struct db_conn *c = p->conns, *next; c; c = next) {
        next = c->next;
        if (c->state == CONN_RUNNING)
            stop(c->steps.op, ERR_CANCELED);
        else
            conn_close(c);
    }
    wake(p);
}

struct waiter {
    void (*each)(void *arg, const struct db_results *r);
    void *arg;
    int rc, done;
    struct err *e;
};

static void on_waited(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct waiter *w = arg;

    w->rc = rc;
    if (rc != 0)
        err_copy(w->e, e);
    else if (w->each)
        w->each(w->arg, r);
    w->done = 1;
}

int db_run_wait(struct loop *l, struct db_pool *p, enum db_mode mode, const struct db_step *steps, int count,
                void (*each)(void *arg, const struct db_results *r), void *arg, struct err *e)
{
    struct waiter w = {.each = each, .arg = arg, .e = e};

    db_run(p, mode, steps, count, 0, on_waited, &w);
    loop_run_until(l, &w.done);
    return w.rc;
}
