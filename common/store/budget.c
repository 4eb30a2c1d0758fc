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
    (void)TX_ADD(tx, "ledger_book_scopes", account->name, app->name);
    tx_run(tx, on_booked, t);
}

struct settle {
    struct db_pool *p;
    struct budget_scope account, app;
    int64_t account_blocked_ms, app_blocked_ms;
    struct err heard; /* how Redis took it */
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void settle_end(struct settle *s, int rc, const struct err *e)
{
    s->done(s->arg, rc, rc == 0 ? NULL : e);
    free(s);
}

static void on_blocks(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct settle *s = arg;
    (void)r;
    if (s->heard.rc != 0)
        settle_end(s, s->heard.rc, &s->heard);
    else
        settle_end(s, rc, e);
}

/* Whatever became of Redis: a block is to outlive its data. */
static void on_settled(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    struct settle *s = arg;
    (void)r;
    if (s->account_blocked_ms <= 0 && s->app_blocked_ms <= 0) {
        settle_end(s, rc, e);
        return;
    }
    if (rc != 0)
        (void)err_copy(&s->heard, e);
    struct tx *t = tx_new(s->p);
    if (s->app_blocked_ms > 0)
        (void)TX_ADD(t, "block_store", s->app.name, tx_int(t, s->app_blocked_ms));
    if (s->account_blocked_ms > 0)
        (void)TX_ADD(t, "block_store", s->account.name, tx_int(t, s->account_blocked_ms));
    tx_run(t, on_blocks, s);
}

void budget_settle(struct redis *r, struct db_pool *p, const char *prefix, const struct budget_scope *account,
                   const struct budget_scope *app, bool sent, const struct quota *account_said,
                   const struct quota *app_said, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct settle *s = mem_new(1, sizeof *s);
    struct lua_args a;
    *s = (struct settle){.p = p,
                         .account = *account,
                         .app = *app,
                         .account_blocked_ms = account_said->blocked_ms,
                         .app_blocked_ms = app_said->blocked_ms,
                         .done = done,
                         .arg = arg};
    lua_args_init(&a);
    lua_add(&a, account->name); /* the scripts know a domain's app by its provider */
    lua_add_int(&a, sent);
    lua_add_quota(&a, account_said);
    lua_add_quota(&a, app_said);
    lua_run(r, "budget_settle", prefix, &a, on_settled, s);
}
