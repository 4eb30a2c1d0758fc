#include "common/store/run_eta.h"
#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/plan/forecast.h"
#include "common/provider/provider.h"
#include "common/store/budget.h"
#include "common/store/lua_script.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

/* Of a run none of whose jobs has ended. */
#define CALL_MS_UNKNOWN 500
/* A shorter wait is the budget's daily business and not worth a word. */
#define PARKED_MS 2000

struct estimate {
    char run_id[UUID_TEXT];
    struct budget_scope account, app;
    struct forecast_calls calls;
    int64_t in_row, next, call_ms; /* next: calls that must be allowed for it to go on */
    bool held;                     /* makes none, nobody knows for how long */
};

struct telling {
    struct db_pool *p;
    struct redis *r;
    const struct settings *s;
    struct estimate *runs;
    int count;
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void telling_end(struct telling *f, int rc, const struct err *e)
{
    struct telling over = *f;
    free(f->runs);
    free(f);
    over.done(over.arg, rc, e);
}

static void on_told(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    (void)r;
    telling_end(arg, rc, e);
}

/* The calls of late of one scope: rows of eta_calls.sql that stand together. */
static struct forecast_scope scope_of(const struct db_results *r, const struct budget_scope *b,
                                      struct forecast_made *room)
{
    struct forecast_scope out = {.limit = b->limit, .window_ms = b->window_ms, .made = room};
    for (int i = 0; i < db_rows(r, 0); i++) {
        if (strcmp(db_text(r, 0, i, 0), b->name) == 0)
            room[out.made_count++] = (struct forecast_made){.age_ms = db_int(r, 0, i, 1), .calls = db_int(r, 0, i, 2)};
    }
    return out;
}

/* Calls of earlier runs in the list that are made from the same budget. */
static struct forecast_calls calls_before(const struct telling *f, int i, bool app)
{
    struct forecast_calls calls = {0};
    for (int k = 0; k < i; k++) {
        const struct budget_scope *a = app ? &f->runs[k].app : &f->runs[k].account,
                                  *b = app ? &f->runs[i].app : &f->runs[i].account;
        if (!f->runs[k].held && strcmp(a->name, b->name) == 0) {
            calls.high += f->runs[k].calls.high;
            calls.others += f->runs[k].calls.others;
        }
    }
    return calls;
}

/* The last of `calls` with what comes before them: others wait for all, high ones for high ones. */
static struct forecast_calls through(struct forecast_calls before, struct forecast_calls calls)
{
    return (struct forecast_calls){.high = before.high + calls.high,
                                   .others = calls.others > 0 ? before.others + calls.others : 0};
}

/* What the budget must allow for the run to go on: a slice begins when there are calls for all of it, or three
 * quarters of them.
 */
static struct forecast_calls first_of(const struct estimate *run, const struct budget_scope *scope)
{
    int64_t next = run->next;
    if (scope->limit > 0 && next > scope->limit * 3 / 4)
        next = scope->limit < 2 ? 1 : scope->limit * 3 / 4;
    return run->calls.high > 0 ? (struct forecast_calls){.high = next} : (struct forecast_calls){.others = next};
}

static void add_estimate(const struct telling *f, int i, const struct db_results *r, struct forecast_made *room,
                         struct lua_args *a)
{
    const struct estimate *run = &f->runs[i];
    struct forecast_wait first = {0}, last = {0};
    for (int app = 0; app <= 1; app++) {
        const struct forecast_scope scope = scope_of(r, app ? &run->app : &run->account, room);
        const struct forecast_calls before = calls_before(f, i, app);
        first = forecast_both(first,
                              forecast_wait(&scope, through(before, first_of(run, app ? &run->app : &run->account))));
        last = forecast_both(last, forecast_wait(&scope, through(before, run->calls)));
    }
    const int64_t in_row_ms = first.last_ms + run->in_row * run->call_ms, spent_ms = last.last_ms + run->call_ms;
    lua_add(a, run->run_id);
    lua_add_int(a, run->calls.high + run->calls.others);
    if (run->held)
        lua_add(a, "");
    else
        lua_add_int(a, ((spent_ms > in_row_ms ? spent_ms : in_row_ms) + 999) / 1000);
    if (first.last_ms > PARKED_MS && !run->held)
        lua_add_int(a, first.last_ms);
    else
        lua_add(a, "");
    lua_add(a, run->account.name);
    lua_add(a, run->app.name);
}

static void on_calls(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct telling *f = arg;
    struct lua_args a;
    if (rc != 0) {
        telling_end(f, rc, e);
        return;
    }
    struct forecast_made *room = mem_new((size_t)db_rows(r, 0) + 1, sizeof *room);
    lua_args_init(&a);
    for (int i = 0; i < f->count; i++)
        add_estimate(f, i, r, room, &a);
    free(room);
    lua_run(f->r, "run_estimate", f->s->queue_prefix, &a, on_told, f);
}

/* Columns as in eta_runs.sql. */
static void read_run(const struct db_results *r, int row, const struct settings *s, struct estimate *out)
{
    const char *provider = db_text(r, 0, row, 1);
    int64_t limit = db_is_null(r, 0, row, 3) ? s->meta_calls_per_window : db_int(r, 0, row, 3);
    if (!db_is_null(r, 0, row, 9) && db_int(r, 0, row, 9) < limit)
        limit = db_int(r, 0, row, 9);
    (void)str_copy(out->run_id, sizeof out->run_id, db_text(r, 0, row, 0));
    budget_scope_account(&out->account, provider, db_text(r, 0, row, 2), limit, s->meta_window_seconds);
    budget_scope_app(&out->app, provider, s->meta_app_calls_per_window, s->meta_window_seconds);
    out->calls.high = db_int(r, 0, row, 4);
    out->calls.others = db_int(r, 0, row, 7);
    out->held = db_bool(r, 0, row, 10);
    out->in_row = db_int(r, 0, row, 5);
    out->next = db_int(r, 0, row, 8);
    out->call_ms = db_is_null(r, 0, row, 6) ? CALL_MS_UNKNOWN : db_int(r, 0, row, 6);
}

static void on_runs(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct telling *f = arg;
    const int count = rc == 0 ? db_rows(r, 0) : 0;
    if (count == 0) {
        telling_end(f, rc, e);
        return;
    }
    f->runs = mem_new((size_t)count, sizeof *f->runs);
    const char **scopes = mem_new((size_t)count * 2, sizeof *scopes);
    for (int i = 0; i < count; i++) {
        read_run(r, i, f->s, &f->runs[i]);
        scopes[(size_t)i * 2] = f->runs[i].account.name;
        scopes[(size_t)i * 2 + 1] = f->runs[i].app.name;
    }
    f->count = count;
    struct tx *t = tx_new(f->p);
    (void)TX_ADD(t, "eta_calls", tx_array(t, scopes, count * 2), tx_int(t, f->s->meta_window_seconds * 1000));
    free(scopes);
    tx_run(t, on_calls, f);
}

void run_eta_tell(struct db_pool *p, struct redis *r, const struct settings *s, int limit,
                  void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct telling *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    const int64_t listing_rows = provider_find("meta")->listing_rows;
    *f = (struct telling){.p = p, .r = r, .s = s, .done = done, .arg = arg};
    (void)TX_ADD(t, "eta_runs", tx_int(t, limit), tx_int(t, s->page_limit),
                 tx_int(t, s->page_limit < listing_rows ? s->page_limit : listing_rows));
    tx_run(t, on_runs, f);
}
