#include "common/store/plan_outlook.h"
#include "common/base/mem.h"
#include "common/store/chunk.h"
#include "common/store/plan_parts.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>

struct reading {
    int read, calls; /* steps */
    void (*done)(void *arg, int rc, const struct plan_outlook *o, const struct err *e);
    void *arg;
};

static int64_t number(const struct db_results *r, int step, int col)
{
    return db_is_null(r, step, 0, col) ? -1 : db_int(r, step, 0, col);
}

static void read_calls(const struct db_results *r, int step, struct plan_outlook *o)
{
    const int count = db_rows(r, step);
    o->account_made = mem_new((size_t)count + 1, sizeof *o->account_made);
    o->app_made = mem_new((size_t)count + 1, sizeof *o->app_made);
    for (int i = 0; i < count; i++) {
        const struct forecast_made made = {.age_ms = db_int(r, step, i, 1), .calls = db_int(r, step, i, 2)};
        if (db_bool(r, step, i, 0))
            o->app_made[o->app_made_count++] = made;
        else
            o->account_made[o->account_made_count++] = made;
    }
}

static void on_read(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct reading *f = arg;
    struct plan_outlook o = {0};
    struct err missing = {0};
    if (rc == 0 && db_rows(r, f->read) == 0) {
        rc = err_set(&missing, ERR_NOT_FOUND, "no connection has this id");
        e = &missing;
    }
    if (rc == 0) {
        plan_read_run(r, f->read, 0, &o.run);
        o.campaigns = db_int(r, f->read, 0, 20);
        o.adsets = db_int(r, f->read, 0, 21);
        o.ads = db_int(r, f->read, 0, 22);
        o.call_ms = number(r, f->read, 23);
        o.lookups = db_int(r, f->read, 0, 24);
        o.calls_allowed = db_int(r, f->read, 0, 25);
        o.blocked_ms = db_int(r, f->read, 0, 26);
        read_calls(r, f->calls, &o);
    }
    f->done(f->arg, rc, rc == 0 ? &o : NULL, e);
    free(o.run.known);
    free(o.account_made);
    free(o.app_made);
    free(f);
}

void plan_outlook(struct db_pool *p, const struct run_request *q, int known_days, int64_t window_ms,
                  void (*done)(void *arg, int rc, const struct plan_outlook *o, const struct err *e), void *arg)
{
    struct reading *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    *f = (struct reading){.done = done, .arg = arg};
    f->read =
        TX_ADD(t, "plan_outlook", q->connection_id, q->kind, q->granularity, tx_date(t, q->from), tx_date(t, q->to),
               q->force ? "true" : "false", tx_int(t, known_days), tx_int(t, CHUNK_LOOKUPS_MAX));
    f->calls = TX_ADD(t, "plan_outlook_calls", q->connection_id, tx_int(t, window_ms));
    tx_run(t, on_read, f);
}
