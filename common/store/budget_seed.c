#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/budget.h"
#include "common/store/lua_script.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

/* Slice by slice: what refusals taught and blocks there are → which budgets are there (limit, window and block set) →
 * what the ledger says of the others → made. When Redis lost its data the ledger is read late enough to know every call
 * granted before. */
enum { SLICE = 100, LIVES_MAX = 3 };
enum { WAIT, LEDGER, BLOCKS }; /* steps of the reading */

struct seeding {
    struct redis *r;
    struct db_pool *p;
    char *prefix;
    struct budget_scope *scopes;
    int count, from, to; /* the slice */
    bool missing[SLICE];
    int64_t blocked_ms[SLICE], allowed[SLICE];
    char life[24]; /* of Redis' data, when it was asked what is missing */
    int lives;     /* that ended while the ledger was read */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void ask_slice(struct seeding *s);

static void seeding_end(struct seeding *s, int rc, const struct err *e)
{
    s->done(s->arg, rc, e);
    free(s->prefix);
    free(s->scopes);
    free(s);
}

static void next_slice(struct seeding *s)
{
    s->from = s->to;
    if (s->from < s->count)
        ask_slice(s);
    else
        seeding_end(s, 0, NULL);
}

static void on_made(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct seeding *s = arg;
    struct err lost;
    if (rc != 0) {
        seeding_end(s, rc, e);
    } else if (redis_int(r) == 1) {
        next_slice(s);
    } else if (++s->lives < LIVES_MAX) {
        ask_slice(s);
    } else {
        rc = err_set(&lost, ERR_REDIS, "Redis lost its data %d times while the budgets were seeded", s->lives);
        seeding_end(s, rc, &lost);
    }
}

static void add_scope(const struct seeding *s, struct lua_args *a, int i)
{
    const struct budget_scope *scope = &s->scopes[i];
    lua_add(a, scope->name);
    lua_add_int(a, scope->limit);
    lua_add_int(a, scope->window_ms);
    lua_add_int(a, s->blocked_ms[i - s->from]);
    lua_add_int(a, s->allowed[i - s->from]);
}

/* Rows of blocks_read.sql. */
static void keep_blocks(struct seeding *s, const struct db_results *r, int step)
{
    for (int i = s->from; i < s->to; i++) {
        const int at = i - s->from;
        s->blocked_ms[at] = s->allowed[at] = 0;
        for (int row = 0; row < db_rows(r, step); row++) {
            if (strcmp(db_text(r, step, row, 0), s->scopes[i].name) != 0)
                continue;
            s->blocked_ms[at] = db_int(r, step, row, 1);
            s->allowed[at] = db_is_null(r, step, row, 2) ? 0 : db_int(r, step, row, 2);
        }
    }
}

static void add_entries(struct lua_args *a, const char *scope, const struct db_results *r, int step)
{
    const int rows = db_rows(r, step);
    int entries = 0;
    for (int i = 0; i < rows; i++)
        entries += strcmp(db_text(r, step, i, 0), scope) == 0;
    lua_add_int(a, entries);
    for (int i = 0; i < rows; i++) {
        if (strcmp(db_text(r, step, i, 0), scope) != 0)
            continue;
        lua_add_int(a, db_int(r, step, i, 1));
        lua_add_int(a, db_int(r, step, i, 2));
    }
}

static void make_missing(struct seeding *s, const struct db_results *r)
{
    struct lua_args a;
    lua_args_init(&a);
    lua_add(&a, s->life);
    for (int i = s->from; i < s->to; i++) {
        if (!s->missing[i - s->from])
            continue;
        add_scope(s, &a, i);
        add_entries(&a, s->scopes[i].name, r, LEDGER);
    }
    lua_run(s->r, "budget_seed", s->prefix, &a, on_made, s);
}

static void on_ledger(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct seeding *s = arg;
    if (rc != 0) {
        seeding_end(s, rc, e);
        return;
    }
    keep_blocks(s, r, BLOCKS);
    make_missing(s, r);
}

static void read_ledger(struct seeding *s, int64_t wait_ms)
{
    const char *names[SLICE], *windows[SLICE];
    struct tx *t = tx_new(s->p);
    int count = 0;
    for (int i = s->from; i < s->to; i++) {
        if (!s->missing[i - s->from])
            continue;
        names[count] = s->scopes[i].name;
        windows[count++] = tx_int(t, s->scopes[i].window_ms);
    }
    (void)TX_ADD(t, "ledger_wait", tx_int(t, wait_ms));
    (void)TX_ADD(t, "ledger_read", tx_array(t, names, count), tx_array(t, windows, count));
    (void)TX_ADD(t, "blocks_read", tx_array(t, names, count));
    tx_run(t, on_ledger, s);
}

static void on_asked(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct seeding *s = arg;
    bool any = false;
    if (rc != 0) {
        seeding_end(s, rc, e);
        return;
    }
    (void)str_copy(s->life, sizeof s->life, redis_str(redis_at(r, 0)));
    for (int i = 0; i < s->to - s->from; i++) {
        s->missing[i] = redis_int(redis_at(r, 2 + i)) == 0;
        any |= s->missing[i];
    }
    if (any)
        read_ledger(s, redis_int(redis_at(r, 1)));
    else
        next_slice(s);
}

static void on_blocks(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct seeding *s = arg;
    struct lua_args a;
    if (rc != 0) {
        seeding_end(s, rc, e);
        return;
    }
    keep_blocks(s, r, 0);
    lua_args_init(&a);
    for (int i = s->from; i < s->to; i++)
        add_scope(s, &a, i);
    lua_run(s->r, "budget_set", s->prefix, &a, on_asked, s);
}

static void ask_slice(struct seeding *s)
{
    const char *names[SLICE];
    struct tx *t = tx_new(s->p);
    s->to = s->from + SLICE < s->count ? s->from + SLICE : s->count;
    for (int i = s->from; i < s->to; i++)
        names[i - s->from] = s->scopes[i].name;
    (void)TX_ADD(t, "blocks_read", tx_array(t, names, s->to - s->from));
    tx_run(t, on_blocks, s);
}

void budget_seed(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *scopes, int count,
                 void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct seeding *s = mem_new(1, sizeof *s);
    *s = (struct seeding){.r = r, .p = p, .prefix = str_dup(prefix), .count = count, .done = done, .arg = arg};
    s->scopes = mem_new((size_t)count + 1, sizeof *s->scopes);
    memcpy(s->scopes, scopes, (size_t)count * sizeof *scopes);
    ask_slice(s);
}
