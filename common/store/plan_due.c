#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/plan/due_plan.h"
#include "common/store/plan_store.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

/* When connections are due, and what is kept how long. */

struct due_reading {
    void (*done)(void *arg, int rc, const struct plan_due *due, int count, const struct err *e);
    void *arg;
};

/* "03:30" as minute of the day; -1 for anything else. */
static int64_t minute_of_day(const char *text)
{
    int64_t hour, minute;
    char digits[3] = "";
    if (strlen(text) != 5 || text[2] != ':')
        return -1;
    memcpy(digits, text, 2);
    if (!str_to_i64(digits, 0, 23, &hour) || !str_to_i64(text + 3, 0, 59, &minute))
        return -1;
    return hour * 60 + minute;
}

static void on_due(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct due_reading *f = arg;
    const int count = rc == 0 ? db_rows(r, 0) : 0;
    struct plan_due *due = mem_new((size_t)count + 1, sizeof *due);
    for (int i = 0; i < count; i++) {
        (void)str_copy(due[i].connection_id, sizeof due[i].connection_id, db_text(r, 0, i, 0));
        (void)str_copy(due[i].timezone, sizeof due[i].timezone, db_text(r, 0, i, 1));
        due[i].next_sync_at_ms = db_int(r, 0, i, 2);
        due[i].nightly_at = minute_of_day(db_text(r, 0, i, 3));
        due[i].intraday_minutes = -1;
        (void)str_to_i64(db_text(r, 0, i, 4), 0, INT64_MAX, &due[i].intraday_minutes);
        due[i].hourly = db_bool(r, 0, i, 5);
        due[i].now_ms = db_int(r, 0, i, 6);
    }
    f->done(f->arg, rc, due, count, e);
    free(due);
    free(f);
}

void plan_due(struct db_pool *p, int limit,
              void (*done)(void *arg, int rc, const struct plan_due *due, int count, const struct err *e), void *arg)
{
    struct due_reading *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    *f = (struct due_reading){.done = done, .arg = arg};
    (void)TX_ADD(t, "plan_due", tx_int(t, limit), tx_int(t, DUE_AHEAD_MAX_MS));
    tx_run(t, on_due, f);
}

struct storing {
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_stored(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct storing *f = arg;
    (void)r;
    f->done(f->arg, rc, e);
    free(f);
}

void plan_due_store(struct db_pool *p, const struct plan_due_write *w, int count,
                    void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    enum { CONNECTION, KIND, TRIGGER, FROM, TO, DUE_AT, NEXT_AT, GRANULARITY, LISTS };
    struct storing *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    const char **lists[LISTS], *arrays[LISTS];
    *f = (struct storing){.done = done, .arg = arg};
    for (int k = 0; k < LISTS; k++)
        lists[k] = tx_alloc(t, (size_t)(count + 1) * sizeof(const char *));
    for (int i = 0; i < count; i++) {
        lists[CONNECTION][i] = w[i].connection_id;
        lists[KIND][i] = w[i].kind;
        lists[TRIGGER][i] = w[i].trigger;
        lists[FROM][i] = tx_date(t, w[i].from);
        lists[TO][i] = tx_date(t, w[i].to);
        lists[DUE_AT][i] = tx_instant(t, w[i].due_at_ms);
        lists[GRANULARITY][i] = w[i].granularity == NULL ? "day" : w[i].granularity;
        lists[NEXT_AT][i] = tx_instant(t, w[i].next_ms);
    }
    for (int k = 0; k < LISTS; k++)
        arrays[k] = tx_array(t, lists[k], count);
    (void)TX_ADD(t, "plan_due_runs", arrays[CONNECTION], arrays[KIND], arrays[TRIGGER], arrays[FROM], arrays[TO],
                 arrays[DUE_AT], arrays[GRANULARITY]);
    (void)TX_ADD(t, "plan_due_lock", arrays[CONNECTION]);
    (void)TX_ADD(t, "plan_due_next", arrays[CONNECTION], arrays[NEXT_AT], tx_int(t, DUE_AHEAD_MAX_MS));
    tx_run(t, on_stored, f);
}

/* ---- what is kept how long ---- */

enum { RETAIN_BATCH = 500, LEDGER_BATCH = 5000 };

struct retaining {
    struct db_pool *pool;
    int64_t days, deleted;
    int runs, ledger; /* steps */
    void (*done)(void *arg, int rc, int64_t deleted, const struct err *e);
    void *arg;
};

static void retain_batch(struct retaining *f);

static void on_batch(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct retaining *f = arg;
    if (rc == 0) {
        const int64_t runs = db_affected(r, f->runs);
        f->deleted += runs;
        if (runs == RETAIN_BATCH || db_affected(r, f->ledger) == LEDGER_BATCH) {
            retain_batch(f);
            return;
        }
    }
    f->done(f->arg, rc, f->deleted, e);
    free(f);
}

static void retain_batch(struct retaining *f)
{
    struct tx *t = tx_new(f->pool);
    f->runs = TX_ADD(t, "retain_runs", tx_int(t, f->days), tx_int(t, RETAIN_BATCH));
    f->ledger = TX_ADD(t, "retain_ledger", tx_int(t, LEDGER_BATCH));
    (void)tx_add(t, sql_text("retain_blocks"), NULL, 0);
    (void)tx_add(t, sql_text("retain_cursors"), NULL, 0);
    (void)tx_add(t, sql_text("retain_totals"), NULL, 0);
    (void)tx_add(t, sql_text("retain_staged_facts"), NULL, 0);
    (void)tx_add(t, sql_text("retain_staged_entities"), NULL, 0);
    tx_run(t, on_batch, f);
}

void plan_retain(struct db_pool *p, int64_t days, void (*done)(void *arg, int rc, int64_t deleted, const struct err *e),
                 void *arg)
{
    struct retaining *f = mem_new(1, sizeof *f);
    *f = (struct retaining){.pool = p, .days = days, .done = done, .arg = arg};
    retain_batch(f);
}
