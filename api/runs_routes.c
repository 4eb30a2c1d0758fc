#include "api/runs_routes.h"
#include "api/answer.h"
#include "api/connection_check.h"
#include "common/base/mem.h"
#include "common/store/listing.h"
#include "common/store/page.h"
#include "common/store/run.h"
#include <stdlib.h>

static void on_page(void *arg, int rc, const char *const *rows, int count, const char *next, const struct err *e)
{
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_items(arg, rows, count, next);
}

void runs_list(struct call *c)
{
    const char *const params[] = {c->ws, call_param(c, "connection_id"), call_param(c, "status")};
    page_read(c->db, "page_runs", params, 3, call_param(c, "cursor"), (int)call_param_int(c, "limit", 100), on_page, c);
}

/* ---- one run ---- */

struct finding {
    struct call *call;
    void (*found)(struct call *c, const char *run);
};

static void on_run(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct finding *f = arg;
    struct err missing;

    if (rc != 0) {
        answer_err(f->call, e);
    } else if (count == 0) {
        (void)err_set(&missing, ERR_NOT_FOUND, "there is no such run");
        answer_err(f->call, &missing);
    } else {
        f->found(f->call, rows[0]);
    }
    free(f);
}

/* found(c, its JSON text) when it is one of the workspace; else the call is answered. */
static void find_run(struct call *c, void (*found)(struct call *c, const char *run))
{
    struct finding *f = mem_new(1, sizeof *f);
    *f = (struct finding){c, found};
    listing_read(c->db, LIST_RUN, c->id, on_run, f);
}

static void show(struct call *c, const char *run)
{
    answer_json(c, 200, run);
}

void run_show(struct call *c)
{
    find_run(c, show);
}

static void on_rows(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    on_page(arg, rc, rows, count, NULL, e);
}

static void show_chunks(struct call *c, const char *run)
{
    (void)run;
    listing_read(c->db, LIST_RUN_CHUNKS, c->id, on_rows, c);
}

void run_chunks(struct call *c)
{
    find_run(c, show_chunks);
}

/* ---- its end ---- */

static void ignore(void *arg, int rc, const struct err *e)
{
    (void)arg, (void)rc, (void)e; /* a job of a cancelled run ends by itself when it is opened */
}

static void on_cancelled(void *arg, int rc, const char *const *chunks, int count, const struct err *e)
{
    struct call *c = arg;
    struct queue *q = c->api->service->queue;

    if (rc != 0) {
        answer_err(c, e);
        return;
    }
    if (count > 0)
        queue_remove(q, chunks, count, ignore, NULL);
    queue_wake_scheduler(q, ignore, NULL); /* who tells the others */
    find_run(c, show);
}

/* What is staged has no walls: it is dropped once the run is known to be the caller's. */
static void cancel(struct call *c, const char *run)
{
    (void)run;
    run_cancel(c->api->service->db, c->id, on_cancelled, c);
}

void run_end(struct call *c)
{
    find_run(c, cancel);
}

/* ---- the days ---- */

static void show_no_days(struct call *c, const struct json_t *connection)
{
    (void)connection;
    answer_items(c, NULL, 0, NULL);
}

/* Whether there is such a connection at all is asked only when it has no days: one that has them is there. */
static void on_days(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct call *c = arg;

    if (rc == 0 && count == 0)
        connection_check(c, call_param(c, "connection_id"), show_no_days);
    else
        on_rows(c, rc, rows, count, e);
}

void coverage_list(struct call *c)
{
    listing_read(c->db, LIST_COVERAGE, call_param(c, "connection_id"), on_days, c);
}
