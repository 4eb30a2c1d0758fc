#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/plan_store.h"
#include "common/store/sql.h"
#include "common/store/tx.h"
#include <stdlib.h>

struct job_reading {
    int limit;
    void (*done)(void *arg, int rc, const struct plan_job *jobs, int count, const char *last_id, const struct err *e);
    void *arg;
};

/* Columns as in plan_open_jobs.sql. */
static void read_job(const struct db_results *r, int row, struct plan_job *j)
{
    (void)str_copy(j->id, sizeof j->id, db_text(r, 0, row, 0));
    (void)str_copy(j->run_id, sizeof j->run_id, db_text(r, 0, row, 1));
    (void)str_copy(j->connection_id, sizeof j->connection_id, db_text(r, 0, row, 2));
    (void)str_copy(j->account, sizeof j->account, db_text(r, 0, row, 3));
    (void)str_copy(j->kind, sizeof j->kind, db_text(r, 0, row, 4));
    (void)str_copy(j->provider, sizeof j->provider, db_text(r, 0, row, 5));
    (void)str_copy(j->from, sizeof j->from, db_text(r, 0, row, 6));
    (void)str_copy(j->to, sizeof j->to, db_text(r, 0, row, 7));
    (void)str_copy(j->lane, sizeof j->lane, db_text(r, 0, row, 8));
    j->attempts = (int)db_int(r, 0, row, 9);
    j->deliveries = (int)db_int(r, 0, row, 10);
    j->delay_ms = db_int(r, 0, row, 11);
    j->calls = db_int(r, 0, row, 13);
    j->calls_per_window = db_is_null(r, 0, row, 12) ? -1 : db_int(r, 0, row, 12);
}

static void on_jobs(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct job_reading *f = arg;
    const int count = rc == 0 ? db_rows(r, 0) : 0;
    struct plan_job *jobs = mem_new((size_t)count + 1, sizeof *jobs);
    for (int i = 0; i < count; i++)
        read_job(r, i, &jobs[i]);
    f->done(f->arg, rc, jobs, count, count == f->limit ? jobs[count - 1].id : "", e);
    free(jobs);
    free(f);
}

void plan_open_jobs(struct db_pool *p, const char *const *run_ids, int run_count, const char *after_id, int limit,
                    void (*done)(void *arg, int rc, const struct plan_job *jobs, int count, const char *last_id,
                                 const struct err *e),
                    void *arg)
{
    struct job_reading *f = mem_new(1, sizeof *f);
    struct tx *t = tx_new(p);
    CHECK(limit > 0);
    *f = (struct job_reading){.limit = limit, .done = done, .arg = arg};
    (void)TX_ADD(t, "plan_open_jobs", run_ids == NULL ? NULL : tx_array(t, run_ids, run_count),
                 after_id[0] == '\0' ? NULL : after_id, tx_int(t, limit));
    tx_run(t, on_jobs, f);
}
