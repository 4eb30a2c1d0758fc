#include "common/store/listing.h"
#include "common/base/check.h"
#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/store/json_rows.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>

static const char *const queries[LIST_COUNT] = {
    [LIST_WORKSPACES] = "list_workspaces",
    [LIST_WORKSPACE] = "list_workspace",
    [LIST_TOKENS] = "list_tokens",
    [LIST_TOKEN] = "list_token",
    [LIST_CONNECTIONS] = "list_connections",
    [LIST_CONNECTION] = "list_connection",
    [LIST_RUNS] = "list_runs",
    [LIST_RUN] = "list_run",
    [LIST_RUN_CHUNKS] = "list_run_chunks",
    [LIST_DEAD] = "list_dead",
    [LIST_OPEN_RUNS] = "list_open_runs",
    [LIST_COVERAGE] = "list_coverage",
    [LIST_COVERAGE_SPANS] = "list_coverage_spans",
    [LIST_RESTATEMENTS] = "list_restatements",
    [LIST_STORED_DAYS] = "list_stored_days",
};

/* Of nothing: what somebody gave as an id and is none. */
#define NOBODY "00000000-0000-0000-0000-000000000000"

struct reading {
    void (*done)(void *arg, int rc, const char *const *rows, int count, const struct err *e);
    void *arg;
};

static void on_rows(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct reading *f = arg;
    struct json_rows rows = {0};
    struct err own;

    if (rc == 0) {
        rc = json_rows_of(r, db_rows(r, 0), db_columns(r, 0), &rows, &own);
        e = &own;
    }
    f->done(f->arg, rc, rows.texts, rc == 0 ? rows.count : 0, rc == 0 ? NULL : e);
    json_rows_clear(&rows);
    free(f);
}

void listing_read(struct db_pool *p, enum listing what, const char *param,
                  void (*done)(void *arg, int rc, const char *const *rows, int count, const struct err *e), void *arg)
{
    struct reading *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    CHECK(what < LIST_COUNT);
    *f = (struct reading){.done = done, .arg = arg};
    if (what == LIST_WORKSPACES || what == LIST_DEAD || what == LIST_OPEN_RUNS)
        (void)tx_add(t, sql_text(queries[what]), NULL, 0);
    else
        (void)TX_ADD(t, queries[what], param == NULL || uuid_valid(param) ? param : NOBODY);
    tx_run(t, on_rows, f);
}
