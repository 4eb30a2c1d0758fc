#include "common/store/budget.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/lua_script.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdio.h>
#include <stdlib.h>

/* A call that budget_take granted and nobody settled counts as ended after so long: no call is under way longer. */
enum { FLIGHT_MS = 200 * 1000 };

static void name_scope(struct budget_scope *s, const char *provider, const char *what, int64_t limit,
                       int64_t window_seconds)
{
    int len = snprintf(s->name, sizeof s->name, "%s:%s", provider, what);
    CHECK(len > 0 && (size_t)len < sizeof s->name && window_seconds > 0);
    s->limit = limit;
    s->window_ms = window_seconds * 1000;
}

void budget_scope_account(struct budget_scope *s, const char *provider, const char *account, int64_t limit,
                          int64_t window_seconds)
{
    name_scope(s, provider, account, limit, window_seconds);
}

void budget_scope_app(struct budget_scope *s, const char *provider, int64_t limit, int64_t window_seconds)
{
    name_scope(s, provider, "app", limit, window_seconds);
}

struct limit_reading {
    void (*done)(void *arg, int rc, int64_t limit, const struct err *e);
    void *arg;
};

static void on_limit(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct limit_reading *l = arg;
    l->done(l->arg, rc, rc != 0 || db_is_null(r, 0, 0, 0) ? -1 : db_int(r, 0, 0, 0), e);
    free(l);
}

void budget_limit(struct db_pool *p, const char *provider, const char *account,
                  void (*done)(void *arg, int rc, int64_t limit, const struct err *e), void *arg)
{
    struct limit_reading *l = mem_new(1, sizeof *l);
    struct tx *t = tx_new(p);
    *l = (struct limit_reading){.done = done, .arg = arg};
    (void)TX_ADD(t, "budget_limit", provider, account);
    tx_run(t, on_limit, l);
}

struct take {
    struct redis *r;
    char *prefix;
    struct lua_args args;
    void (*done)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e);
    void *arg;
};

static void take_end(struct take *t, int rc, bool granted, int64_t retry_ms, const struct err *e)
{
    t->done(t->arg, rc, granted, retry_ms, e);
    free(t->prefix);
    free(t);
}

static void on_taken(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    const bool granted = rc == 0 && redis_int(redis_at(r, 0)) == 1;
    take_end(arg, rc, granted, rc == 0 ? redis_int(redis_at(r, 1)) : 0, e);
}

static void on_booked(void *arg, int rc, const struct db_results *results, const struct err *e)
{
    struct take *t = arg;
    (void)results;
    if (rc == 0) {
        lua_run(t->r, "budget_take", t->prefix, &t->args, on_taken, t);
        return;
    }
    buf_free(&t->args.texts);
    take_end(t, rc, false, 0, e);
}

void budget_take(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                 const struct budget_scope *app,
                 void (*done)(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e), void *arg)
{
    struct take *t = mem_new(1, sizeof *t);
    *t = (struct take){.r = r, .prefix = str_dup(prefix), .done = done, .arg = arg};
    lua_args_init(&t->args);
    lua_add(&t->args, account->name);
    lua_add_int(&t->args, FLIGHT_MS);
    struct tx *tx = tx_new(p);
    (void)tx_add(tx, "SELECT account_must_be_free($1)", TX_PARAMS(account->name));
    (void)TX_ADD(tx, "ledger_book_scopes", account->name, app->name);
    tx_run(tx, on_booked, t);
}

int budget_add_block(struct tx *t, const struct budget_scope *scope, const struct quota *q)
{
    if (q->blocked_ms <= 0 && q->backoff_ms <= 0)
        return -1;
    (void)TX_ADD(t, "block_row", scope->name);
    return TX_ADD(t, "block_store", scope->name, tx_int(t, q->blocked_ms), tx_int(t, q->backoff_ms),
                  tx_int(t, q->window_ms));
}

void budget_read_block(const struct db_results *r, int step, struct quota *q, int64_t *allowed)
{
    *allowed = 0;
    if (step < 0)
        return;
    q->blocked_ms = db_int(r, step, 0, 0);
    *allowed = db_is_null(r, step, 0, 1) ? 0 : db_int(r, step, 0, 1);
}

struct settle {
    struct redis *r;
    char *prefix;
    struct budget_scope account;
    bool sent;
    struct quota said, app_said;
    int64_t allowed;
    int step, app_step;
    struct err kept; /* how PostgreSQL took it */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_settled(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct settle *s = arg;
    (void)r;
    if (rc == 0 && s->kept.rc != 0) {
        rc = s->kept.rc;
        e = &s->kept;
    }
    s->done(s->arg, rc, rc == 0 ? NULL : e);
    free(s->prefix);
    free(s);
}

static void tell_redis(struct settle *s)
{
    struct lua_args a;
    lua_args_init(&a);
    lua_add(&a, s->account.name); /* the scripts know a domain's app by its provider */
    lua_add_int(&a, s->sent);
    lua_add_quota(&a, &s->said);
    lua_add_quota(&a, &s->app_said);
    lua_add_int(&a, s->allowed);
    lua_run(s->r, "budget_settle", s->prefix, &a, on_settled, s);
}

/* Whatever became of it: Redis hears of the block. */
static void on_kept(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct settle *s = arg;
    int64_t of_app;
    if (rc != 0) {
        (void)err_copy(&s->kept, e);
        s->kept.rc = rc;
    } else {
        budget_read_block(r, s->app_step, &s->app_said, &of_app);
        budget_read_block(r, s->step, &s->said, &s->allowed);
    }
    tell_redis(s);
}

void budget_settle(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                   const struct budget_scope *app, bool sent, const struct quota *account_said,
                   const struct quota *app_said, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct settle *s = mem_new(1, sizeof *s);
    struct tx *t = tx_new(p);
    *s = (struct settle){.r = r,
                         .prefix = str_dup(prefix),
                         .account = *account,
                         .sent = sent,
                         .said = *account_said,
                         .app_said = *app_said,
                         .done = done,
                         .arg = arg};
    if (s->said.window_ms > account->window_ms)
        s->said.window_ms = account->window_ms;
    s->app_step = budget_add_block(t, app, &s->app_said);
    s->step = budget_add_block(t, account, &s->said);
    if (s->step >= 0 || s->app_step >= 0) {
        tx_run(t, on_kept, s);
        return;
    }
    tx_free(t);
    tell_redis(s);
}
