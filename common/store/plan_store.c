#include "common/store/plan_store.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/plan/forecast.h"
#include "common/store/plan_parts.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>
#include <string.h>

/* Jobs and due times are in plan_jobs.c and plan_due.c. */

/* ---- the lease ---- */

struct leasing {
    void (*done)(void *arg, int rc, bool leading, int64_t since_ms, const struct err *e);
    void *arg;
};

static void on_lease(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct leasing *l = arg;
    const bool leading = rc == 0 && db_rows(r, 0) == 1;
    l->done(l->arg, rc, leading, leading ? db_int(r, 0, 0, 0) : 0, e);
    free(l);
}

void plan_lease(struct db_pool *p, const char *holder, int64_t ttl_ms,
                void (*done)(void *arg, int rc, bool leading, int64_t since_ms, const struct err *e), void *arg)
{
    struct leasing *l = mem_new(1, sizeof *l);
    struct tx *t = tx_new(p);
    *l = (struct leasing){.done = done, .arg = arg};
    (void)TX_ADD(t, "plan_lease", holder, tx_int(t, ttl_ms));
    tx_run(t, on_lease, l);
}

struct plain {
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void on_plain(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct plain *f = arg;
    (void)r;
    f->done(f->arg, rc, e);
    free(f);
}

static struct plain *plain_new(void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct plain *f = mem_new(1, sizeof *f);
    *f = (struct plain){.done = done, .arg = arg};
    return f;
}

void plan_lease_release(struct db_pool *p, const char *holder, void (*done)(void *arg, int rc, const struct err *e),
                        void *arg)
{
    struct tx *t = tx_new(p);
    (void)tx_add(t, "DELETE FROM scheduler_lease WHERE holder = $1", TX_PARAMS(holder));
    tx_run(t, on_plain, plain_new(done, arg));
}

/* ---- runs that wait for planning ---- */

struct run_reading {
    void (*done)(void *arg, int rc, const struct plan_run *runs, int count, const struct err *e);
    void *arg;
};

static int64_t number_or(const struct db_results *r, int step, int row, int col, int64_t missing)
{
    int64_t value = missing;
    (void)str_to_i64(db_text(r, step, row, col), 0, INT64_MAX, &value);
    return value;
}

/* "day:read_at_ms,…" as plan_runs.sql makes it. */
static void read_known(const char *text, struct plan_run *run)
{
    int count = 1;
    if (text[0] == '\0')
        return;
    for (const char *c = text; *c != '\0'; c++)
        count += *c == ',';
    run->known = mem_new((size_t)count, sizeof *run->known);
    while (run->known_count < count) {
        struct day_known *d = &run->known[run->known_count++];
        char *end;
        d->day = (date_t)strtol(text, &end, 10);
        d->read_at_ms = strtoll(end + 1, &end, 10);
        text = end + 1;
    }
}

static const char *const stage_names[] = {
    [PLANNED_NOTHING] = "nothing", [PLANNED_FIRST] = "first", [PLANNED_SAMPLE] = "sample", [PLANNED_ALL] = "all"};

static enum plan_stage stage_of(const char *name)
{
    enum plan_stage stage = PLANNED_NOTHING;
    while (stage < PLANNED_ALL && strcmp(name, stage_names[stage]) != 0)
        stage++;
    return stage;
}

void plan_read_run(const struct db_results *r, int step, int row, struct plan_run *run)
{
    (void)str_copy(run->id, sizeof run->id, db_text(r, step, row, 0));
    (void)str_copy(run->connection_id, sizeof run->connection_id, db_text(r, step, row, 1));
    (void)str_copy(run->kind, sizeof run->kind, db_text(r, step, row, 2));
    (void)str_copy(run->granularity, sizeof run->granularity, db_text(r, step, row, 3));
    (void)str_copy(run->timezone, sizeof run->timezone, db_text(r, step, row, 4));
    (void)str_copy(run->provider, sizeof run->provider, db_text(r, step, row, 5));
    run->planned = stage_of(db_text(r, step, row, 6));
    run->force = db_bool(r, step, row, 7);
    run->asked_from = db_date(r, step, row, 8);
    run->asked_to = db_date(r, step, row, 9);
    run->backfill_days = number_or(r, step, row, 10, -1);
    run->restate_days = number_or(r, step, row, 11, -1);
    run->rows_per_day = number_or(r, step, row, 12, 0);
    read_known(db_text(r, step, row, 13), run);
    run->rows_learned = db_bool(r, step, row, 14);
    run->calls_per_window = number_or(r, step, row, 17, -1);
    run->planned_from = db_date(r, step, row, 15);
    run->planned_chunks = (int)number_or(r, step, row, 16, 0);
    run->now_ms = db_int(r, step, row, 18);
    run->days_limit = number_or(r, step, row, 19, 0);
}

static void on_runs(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct run_reading *f = arg;
    const int count = rc == 0 ? db_rows(r, 0) : 0;
    struct plan_run *runs = mem_new((size_t)count + 1, sizeof *runs);
    for (int i = 0; i < count; i++)
        plan_read_run(r, 0, i, &runs[i]);
    f->done(f->arg, rc, runs, count, e);
    for (int i = 0; i < count; i++)
        free(runs[i].known);
    free(runs);
    free(f);
}

void plan_runs(struct db_pool *p, int limit, int known_days,
               void (*done)(void *arg, int rc, const struct plan_run *runs, int count, const struct err *e), void *arg)
{
    struct run_reading *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    *f = (struct run_reading){.done = done, .arg = arg};
    (void)TX_ADD(t, "plan_runs", tx_int(t, limit), tx_int(t, known_days));
    tx_run(t, on_runs, f);
}

/* ---- storing plans ---- */

enum { LISTING_PAGES = 3 }; /* of entities, at least */

/* Lists of the chunks, one entry each, as PostgreSQL unnests them. */
struct chunk_lists {
    const char **run, **was, **kind, **from, **to, **place, **totals, **pages;
    int count;
};

static const char **list_new(struct tx *t, int count)
{
    return tx_alloc(t, (size_t)(count + 1) * sizeof(const char *));
}

/* Calls that the chunk will take, if the account is as it was thought. */
static int64_t pages_of(const struct plan_write *w, const struct day_span *span)
{
    if (span == NULL)
        return LISTING_PAGES;
    return span == &w->totals ? 1 : forecast_pages((span->to - span->from + 1) * w->rows_per_day, w->page_limit);
}

static void add_chunk(struct tx *t, struct chunk_lists *l, const struct plan_write *w, const struct day_span *span,
                      int place)
{
    const int i = l->count++;
    l->run[i] = w->run_id;
    l->was[i] = stage_names[w->was];
    l->totals[i] = span == &w->totals ? "true" : "false";
    l->kind[i] = span == NULL ? "entities" : "metrics";
    l->from[i] = span == NULL ? NULL : tx_date(t, span->from);
    l->to[i] = span == NULL ? NULL : tx_date(t, span->to);
    l->place[i] = tx_int(t, place);
    l->pages[i] = tx_int(t, pages_of(w, span));
}

static void add_chunks_step(struct tx *t, const struct plan_write *plans, int count)
{
    int total = 0;
    for (int i = 0; i < count; i++)
        total += 2 + plans[i].chunk_count;
    struct chunk_lists l = {.run = list_new(t, total),
                            .was = list_new(t, total),
                            .kind = list_new(t, total),
                            .from = list_new(t, total),
                            .to = list_new(t, total),
                            .place = list_new(t, total),
                            .totals = list_new(t, total),
                            .pages = list_new(t, total)};
    for (int i = 0; i < count; i++) {
        const struct plan_write *w = &plans[i];
        if (w->refused != NULL)
            continue;
        if (w->entities)
            add_chunk(t, &l, w, NULL, 0);
        if (w->totals.from != DATE_NONE)
            add_chunk(t, &l, w, &w->totals, 0);
        for (int k = 0; k < w->chunk_count; k++)
            add_chunk(t, &l, w, &w->chunks[k], k + 1);
    }
    (void)TX_ADD(t, "plan_chunks", tx_array(t, l.run, l.count), tx_array(t, l.was, l.count),
                 tx_array(t, l.kind, l.count), tx_array(t, l.from, l.count), tx_array(t, l.to, l.count),
                 tx_array(t, l.place, l.count), tx_array(t, l.totals, l.count), tx_array(t, l.pages, l.count));
}

static struct day_span whole_range(const struct plan_write *w)
{
    struct day_span whole = w->totals;
    for (int i = 0; i < w->chunk_count; i++) {
        if (whole.from == DATE_NONE || w->chunks[i].from < whole.from)
            whole.from = w->chunks[i].from;
        if (whole.to == DATE_NONE || w->chunks[i].to > whole.to)
            whole.to = w->chunks[i].to;
    }
    return whole;
}

void plan_store(struct db_pool *p, const struct plan_write *plans, int count,
                void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct tx *t = tx_new(p);
    const char **run = list_new(t, count), **was = list_new(t, count), **stage = list_new(t, count),
               **from = list_new(t, count), **to = list_new(t, count), **code = list_new(t, count),
               **text = list_new(t, count);
    for (int i = 0; i < count; i++) {
        const struct plan_write *w = &plans[i];
        const struct day_span whole = whole_range(w);
        run[i] = w->run_id;
        was[i] = stage_names[w->was];
        stage[i] = stage_names[w->refused == NULL ? w->stage : PLANNED_ALL];
        from[i] = tx_date(t, whole.from);
        to[i] = tx_date(t, whole.to);
        code[i] = w->refused == NULL ? NULL : err_name(w->refused->rc);
        text[i] = w->refused == NULL ? NULL : w->refused->text;
    }
    const char *ids = tx_array(t, run, count);
    (void)TX_ADD(t, "run_lock", NULL, ids, NULL);
    add_chunks_step(t, plans, count);
    (void)TX_ADD(t, "plan_planned", ids, tx_array(t, was, count), tx_array(t, stage, count), tx_array(t, from, count),
                 tx_array(t, to, count), tx_array(t, code, count), tx_array(t, text, count));
    (void)TX_ADD(t, "run_settle", NULL, ids, NULL);
    tx_run(t, on_plain, plain_new(done, arg));
}
